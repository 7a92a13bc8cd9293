import time

from celery import Celery, Task

from wsgi import app


def make_celery(app):
    celery = Celery(
        app.import_name,
        broker=app.config["CELERY_BROKER_URL"],
        backend=app.config["CELERY_RESULT_BACKEND"],
    )
    return celery


celery = make_celery(app)


class VerySlowAdd(Task):
    name = "tasks.very_slow_add"

    def run(self, a, b):
        time.sleep(3)
        return a + b


very_slow_add = celery.register_task(VerySlowAdd())
