import time

from celery import Celery, Task, shared_task
from flask import Flask

from models import Product, db
from wsgi import app


def celery_init_app(app: Flask) -> Celery:
    class FlaskTask(Task):
        def __call__(self, *args: object, **kwargs: object) -> object:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery_app = Celery(app.name, task_cls=FlaskTask)
    celery_app.config_from_object(app.config, namespace="CELERY")
    celery_app.set_default()
    app.extensions["celery"] = celery_app
    return celery_app


def make_celery(app):
    return celery_init_app(app)


celery = make_celery(app)


@shared_task
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@shared_task
def count_products() -> int:
    return len(db.session.scalars(db.select(Product)).all())
