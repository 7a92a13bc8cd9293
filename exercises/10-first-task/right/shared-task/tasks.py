import time

from celery import Celery, shared_task

from wsgi import app


def make_celery(app):
    celery = Celery(
        app.import_name,
        broker=app.config["CELERY_BROKER_URL"],
        backend=app.config["CELERY_RESULT_BACKEND"],
    )
    return celery


celery = make_celery(app)
celery.set_default()


@shared_task
def very_slow_add(a, b):
    time.sleep(3)
    return a + b
