from celery import Celery
from flask import Flask

from wsgi import app


def celery_init_app(app: Flask) -> Celery:
    celery_app = Celery(app.name)
    celery_app.config_from_object(
        {
            "broker_url": app.config["CELERY_BROKER_URL"],
            "result_backend": app.config["CELERY_RESULT_BACKEND"],
        }
    )
    celery_app.set_default()
    app.extensions["celery"] = celery_app
    return celery_app


make_celery = celery_init_app
celery = make_celery(app)
