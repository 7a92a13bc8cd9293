from flask import Blueprint, abort, current_app, request
from kombu.exceptions import OperationalError

from models import Product, db
from schemas import many_product_schema, one_product_schema

products = Blueprint("products", __name__)


def find_product(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        abort(404, f"There is no product {product_id}.")
    return product


def enqueue(task, *args):
    try:
        task.apply_async(args=args, ignore_result=True, retry_policy={"max_retries": 1})
    except OperationalError as error:
        current_app.logger.warning("%s was not enqueued: %s", task.name, error)


@products.get("/products")
def read_many_products():
    from tasks import very_slow_add

    enqueue(very_slow_add, 1, 2)
    found = db.session.scalars(db.select(Product).order_by(Product.id))
    return many_product_schema.jsonify(found)


@products.get("/products/<int:product_id>")
def read_one_product(product_id):
    return one_product_schema.jsonify(find_product(product_id))


@products.post("/products")
def create_product():
    from tasks import write_notice

    product = Product(**one_product_schema.load(request.get_json()))
    db.session.add(product)
    db.session.commit()
    enqueue(write_notice, product.id)
    return one_product_schema.jsonify(product), 201


@products.patch("/products/<int:product_id>")
def update_product(product_id):
    product = find_product(product_id)
    changes = one_product_schema.load(request.get_json(), partial=True)
    for name, value in changes.items():
        setattr(product, name, value)
    db.session.commit()
    return "", 204


@products.delete("/products/<int:product_id>")
def delete_product(product_id):
    db.session.delete(find_product(product_id))
    return "", 204
