import time
from collections.abc import Mapping

from celery import Celery, Task, shared_task
from celery.utils.imports import import_from_cwd
from click import UsageError
from sqlalchemy.exc import IntegrityError

from models import Notice, Product, db


class NoBroker(UsageError):
    def __init__(self):
        super().__init__("Set REDIS_URL: this app's Celery has no address to send messages to.")


class Settings(Mapping):
    """Celery's settings as a mapping: an address is looked up, in the app, each time."""

    sources = {"broker_url": "CELERY_BROKER_URL", "result_backend": "CELERY_RESULT_BACKEND"}

    def __init__(self, app):
        self._app = app

    def __iter__(self):
        return iter(self.sources)

    def __len__(self):
        return len(self.sources)

    def __getitem__(self, name):
        address = self._app.config.get(self.sources[name])
        if not address:
            raise NoBroker
        return address


class FlaskTask(Task):
    def __call__(self, *args, **kwargs):
        with self.app.flask.app_context():
            return super().__call__(*args, **kwargs)


def make_celery(app):
    celery = Celery(app.import_name, task_cls=FlaskTask)
    celery.flask = app
    celery.config_from_object(Settings(app))
    celery.set_default()
    app.extensions["celery"] = celery
    return celery


@shared_task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@shared_task()
def count_products():
    return db.session.scalar(db.select(db.func.count(Product.id)))


@shared_task(acks_late=True)
def write_notice(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        return
    db.session.add(Notice(product_id=product.id, text=f"New product: {product.name}"))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()


def __getattr__(name):
    # Asked for by `celery -A tasks.celery`, which forgets this folder once it has read this file.
    if name == "celery":
        return import_from_cwd("wsgi").app.extensions["celery"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
