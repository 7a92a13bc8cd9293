from flask import Flask, abort, jsonify, request
from flask_migrate import Migrate
from kombu.exceptions import OperationalError
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from config import Config
from models import Notice, Product, db
from schemas import ma, many_notice_schema, many_product_schema, one_product_schema

BASE_URL = "/api/v1"

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)


@app.errorhandler(HTTPException)
def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


@app.errorhandler(ValidationError)
def validation_error(error):
    return jsonify(error="Unprocessable Entity", messages=error.messages), 422


def find_product(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        abort(404, f"There is no product {product_id}.")
    return product


def enqueue(task, *args):
    try:
        task.apply_async(args=args, ignore_result=True, retry_policy={"max_retries": 1})
    except OperationalError as error:
        app.logger.warning("%s was not enqueued: %s", task.name, error)


@app.get("/")
def hello():
    return "Hello! The products are at /api/v1/products.\n"


@app.get(f"{BASE_URL}/products")
def read_many_products():
    from tasks import very_slow_add

    enqueue(very_slow_add, 1, 2)
    products = db.session.scalars(db.select(Product).order_by(Product.id))
    return many_product_schema.jsonify(products)


@app.get(f"{BASE_URL}/products/<int:product_id>")
def read_one_product(product_id):
    return one_product_schema.jsonify(find_product(product_id))


@app.post(f"{BASE_URL}/products")
def create_product():
    from tasks import write_notice

    product = Product(**one_product_schema.load(request.get_json()))
    enqueue(write_notice, product.id)
    db.session.add(product)
    db.session.commit()
    return one_product_schema.jsonify(product), 201


@app.patch(f"{BASE_URL}/products/<int:product_id>")
def update_product(product_id):
    product = find_product(product_id)
    changes = one_product_schema.load(request.get_json(), partial=True)
    for name, value in changes.items():
        setattr(product, name, value)
    db.session.commit()
    return "", 204


@app.delete(f"{BASE_URL}/products/<int:product_id>")
def delete_product(product_id):
    db.session.delete(find_product(product_id))
    db.session.commit()
    return "", 204


@app.get(f"{BASE_URL}/notices")
def read_many_notices():
    notices = db.session.scalars(db.select(Notice).order_by(Notice.id))
    return many_notice_schema.jsonify(notices)
