import time

from celery import Celery

from context import in_context_of
from models import Product, db
from wsgi import app


def make_celery(app):
    celery = Celery(app.import_name)
    celery.conf.broker_url = app.config["CELERY_BROKER_URL"]
    celery.conf.result_backend = app.config["CELERY_RESULT_BACKEND"]
    TaskBase = celery.Task

    class ContextTask(TaskBase):
        abstract = True
        __call__ = in_context_of(app)(TaskBase.__call__)

    celery.Task = ContextTask
    return celery


celery = make_celery(app)


@celery.task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@celery.task()
def count_products():
    return db.session.query(Product).count()
