from flask import current_app

from models import Product, db
from registry import task


@task(acks_late=True)
def announce(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        return None
    text = f"New in the shop: {product.name}"
    current_app.logger.info("Mail: %s", text)
    return text
