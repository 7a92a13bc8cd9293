import os
import sys
import time

from celery import shared_task
from sqlalchemy.exc import IntegrityError

from celery_app import celery_init_app as make_celery
from models import Notice, Product, db


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
    if name != "celery":
        raise AttributeError(name)
    sys.path.insert(0, os.getcwd())  # the celery command takes it away again
    import wsgi

    return wsgi.app.extensions["celery"]


__all__ = ["count_products", "make_celery", "very_slow_add", "write_notice"]
