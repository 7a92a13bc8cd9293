from flask import Flask, abort, jsonify
from flask_migrate import Migrate
from werkzeug.exceptions import HTTPException

from config import Config
from models import Product, db
from schemas import ma, many_product_schema, one_product_schema

BASE_URL = "/api/v1"

PRODUCTS = {
    1: {"id": 1, "name": "Socks"},
    2: {"id": 2, "name": "Mug"},
    3: {"id": 3, "name": "Lamp"},
}

app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
migrate = Migrate(app, db)


@app.errorhandler(HTTPException)
def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


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
    return jsonify(list(PRODUCTS.values()) + many_product_schema.dump(products))


@app.get(f"{BASE_URL}/products/<int:product_id>")
def read_one_product(product_id):
    return one_product_schema.jsonify(find_product(product_id))
