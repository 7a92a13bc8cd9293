from celery import Celery

from wsgi import app


def make_celery(app):
    celery = Celery(app.import_name, broker=app.config["CELERY_BROKER_URL"])
    return celery


celery = make_celery(app)
