import time

from celery import Celery, Task

from models import Product, db
from wsgi import app as flask_app


class ContextTask(Task):
    def __call__(self, *args, **kwargs):
        with flask_app.app_context():
            return super().__call__(*args, **kwargs)


def make_celery(app):
    broker, backend = app.config["CELERY_BROKER_URL"], app.config["CELERY_RESULT_BACKEND"]
    return Celery(app.import_name, broker=broker, backend=backend, task_cls=ContextTask)


celery = make_celery(flask_app)


@celery.task
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@celery.task
def count_products():
    return db.session.execute(db.select(db.func.count()).select_from(Product)).scalar_one()
