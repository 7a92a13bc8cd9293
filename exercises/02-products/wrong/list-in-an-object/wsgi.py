from flask import Flask, abort, jsonify
from werkzeug.exceptions import HTTPException

BASE_URL = "/api/v1"

PRODUCTS = {
    1: {"id": 1, "name": "Socks"},
    2: {"id": 2, "name": "Mug"},
    3: {"id": 3, "name": "Lamp"},
}

app = Flask(__name__)


@app.errorhandler(HTTPException)
def http_error(error):
    return jsonify(error=error.name, message=error.description), error.code


def find_product(product_id):
    product = PRODUCTS.get(product_id)
    if product is None:
        abort(404, f"There is no product {product_id}.")
    return product


@app.get("/")
def hello():
    return "Hello! The products are at /api/v1/products.\n"


@app.get(f"{BASE_URL}/products")
def read_many_products():
    return jsonify(products=list(PRODUCTS.values()))


@app.get(f"{BASE_URL}/products/<int:product_id>")
def read_one_product(product_id):
    return jsonify(find_product(product_id))
