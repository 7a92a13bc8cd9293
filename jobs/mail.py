from flask import current_app, url_for

from models import Product, db
from registry import task
from tracing import request_id


def write_mail(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        return None
    link = url_for("products.read_one_product", product_id=product_id)
    current_app.logger.info("A mail about product %s", product_id)
    return f"New in the shop: {product.name}, {link} (our reference: {request_id()})"


@task(acks_late=True)
def announce(product_id):
    return write_mail(product_id)
