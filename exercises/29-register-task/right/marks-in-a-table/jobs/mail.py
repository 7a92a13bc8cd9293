from flask import current_app

from models import Product, db
from registry import task


@task(name="mail.announce")
def announce(product_id):
    current_app.logger.info("Mail about %s", product_id)
    with db.session.begin():
        name = db.session.scalar(db.select(Product.name).where(Product.id == product_id))
    return name and f"{name} is new in the shop"
