import json
from dataclasses import asdict, dataclass

from flask import Flask, Response

app = Flask(__name__)


@dataclass
class Product:
    id: int
    name: str


PRODUCTS = [Product(1, "Socks"), Product(2, "Mug")]


def answer(content, status=200):
    return Response(json.dumps(content), status, mimetype="application/json")


@app.errorhandler(Exception)
def error(raised):
    return answer({"message": str(raised)}, getattr(raised, "code", 500))


@app.route("/")
def hello():
    return "Hello!"


@app.route("/api/v1/products")
def read_many():
    return answer([asdict(product) for product in PRODUCTS])


@app.route("/api/v1/products/<product_id>")
def read_one(product_id):
    found = [asdict(product) for product in PRODUCTS if str(product.id) == product_id]
    return answer(found[0]) if found else answer({"message": "no such product"}, 404)
