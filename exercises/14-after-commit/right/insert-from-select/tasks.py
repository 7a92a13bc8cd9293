import time

from celery import Celery

from models import Notice, Product, db
from wsgi import app


def make_celery(app):
    celery = Celery(
        app.import_name,
        broker=app.config["CELERY_BROKER_URL"],
        backend=app.config["CELERY_RESULT_BACKEND"],
    )

    class ContextTask(celery.Task):
        def __call__(self, *args, **kwargs):
            with app.app_context():
                return self.run(*args, **kwargs)

    celery.Task = ContextTask
    return celery


celery = make_celery(app)


@celery.task()
def very_slow_add(a, b):
    time.sleep(3)
    return a + b


@celery.task()
def count_products():
    return db.session.scalar(db.select(db.func.count(Product.id)))


@celery.task()
def write_notice(product_id):
    new = db.select(Product.id, db.literal("A new product, ") + Product.name)
    db.session.execute(
        db.insert(Notice).from_select(
            ["product_id", "text"], new.where(Product.id == product_id)
        )
    )
    db.session.commit()
