from flask import Flask, abort, jsonify, request
from flask_migrate import Migrate
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from config import Config
from models import Product, db
from schemas import ma, many_product_schema, one_product_schema

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


@app.get("/")
def hello():
    return "Hello! The products are at /api/v1/products.\n"


@app.get(f"{BASE_URL}/products")
def read_many_products():
    products = db.session.scalars(db.select(Product).order_by(Product.id))
    return many_product_schema.jsonify(products)


@app.get(f"{BASE_URL}/products/<int:product_id>")
def read_one_product(product_id):
    return one_product_schema.jsonify(find_product(product_id))


@app.post(f"{BASE_URL}/products")
def create_product():
    product = Product(**one_product_schema.load(request.get_json()))
    db.session.add(product)
    db.session.commit()
    return one_product_schema.jsonify(product)
