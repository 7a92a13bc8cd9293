from celery import Celery

from wsgi import app as flask_app


def make_celery(app):
    celery_app = Celery(app.name)
    celery_app.config_from_object(app.config, namespace="CELERY")
    return celery_app


celery = make_celery(flask_app)
