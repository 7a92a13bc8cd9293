from time import sleep

from celery import Celery

from wsgi import app as flask_app


def make_celery(app):
    worker_app = Celery(app.import_name)
    worker_app.config_from_object(app.config, namespace="CELERY")
    return worker_app


celery = make_celery(flask_app)


@celery.task(bind=True)
def very_slow_add(self, x, y):
    print("I am", self.request.id)
    sleep(3)
    return x + y
