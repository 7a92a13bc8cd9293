import time

from celery import Celery

from wsgi import app


def make_celery(app):
    celery = Celery(
        app.import_name,
        broker=app.config["CELERY_BROKER_URL"],
        backend=app.config["CELERY_RESULT_BACKEND"],
    )
    return celery


celery = make_celery(app)
celery.conf.task_always_eager = True


@celery.task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b
