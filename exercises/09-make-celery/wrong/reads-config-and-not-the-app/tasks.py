from celery import Celery

from config import Config
from wsgi import app


def make_celery(app):
    celery = Celery(
        app.import_name,
        broker=Config.CELERY_BROKER_URL,
        backend=Config.CELERY_RESULT_BACKEND,
    )
    return celery


celery = make_celery(app)
