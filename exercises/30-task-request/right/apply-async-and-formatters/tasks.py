import sys
import time
from datetime import UTC, datetime

from celery import Celery, shared_task
from celery.utils.imports import import_from_cwd
from click import ClickException
from sqlalchemy.exc import IntegrityError

from models import Notice, Product, db
from tracing import message_headers, task_request


class NoBroker(ClickException):
    pass


def make_celery(app):
    celery = Celery(app.import_name)

    # Celery asks for these when it needs them, each time.
    class Settings:
        task_track_started = True

        @property
        def broker_url(self):
            url = app.config.get("CELERY_BROKER_URL")
            if not url:
                raise NoBroker("Celery has no broker: REDIS_URL is not set.")
            return url

        @property
        def result_backend(self):
            return app.config.get("CELERY_RESULT_BACKEND") or self.broker_url

    asked = Settings()
    # The rest of what the file says of Celery. The two addresses stay as above.
    vars(asked).update(app.config.get("CELERY", {}))
    celery.config_from_object(asked)

    class ContextTask(celery.Task):
        def __call__(self, *args, **kwargs):
            with task_request(app, self.request):
                return self.run(*args, **kwargs)

        def apply_async(self, *args, headers=None, **options):
            return super().apply_async(*args, headers=message_headers(headers), **options)

    celery.Task = ContextTask
    celery.set_default()
    app.extensions["celery"] = celery
    return celery


@shared_task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@shared_task()
def tell_time(seconds=5):
    time.sleep(seconds)
    return datetime.now(UTC).isoformat()


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
        try:
            return import_from_cwd("wsgi").app.extensions["celery"]
        except ClickException as error:
            # What is wrong with the settings, in a sentence; celery would print a traceback.
            sys.exit(f"Error: {error.format_message()}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
