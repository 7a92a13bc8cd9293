from flask import Blueprint, jsonify, request
from marshmallow import ValidationError
from sqlalchemy import delete, select

from models import Product, db
from schemas import many_product_schema, one_product_schema

api = Blueprint("api", __name__)


@api.errorhandler(ValidationError)
def refuse(error):
    return jsonify(error.messages), 422


@api.route("/products", methods=["GET", "POST"])
def products():
    if request.method == "GET":
        return many_product_schema.dump(db.session.scalars(select(Product)))
    product = Product()
    change(product, one_product_schema.load(request.get_json()))
    db.session.add(product)
    db.session.commit()
    return one_product_schema.dump(product), 201


@api.route("/products/<int:product_id>", methods=["GET", "PATCH", "DELETE"])
def product(product_id):
    found = db.session.scalar(select(Product).where(Product.id == product_id))
    if found is None:
        return jsonify(error=f"no product {product_id}"), 404
    if request.method == "GET":
        return one_product_schema.dump(found)
    if request.method == "PATCH":
        change(found, one_product_schema.load(request.get_json(), partial=True))
    else:
        db.session.execute(delete(Product).where(Product.id == product_id))
    db.session.commit()
    return "", 204


def change(product, values):
    for name in ("name", "description"):
        if name in values:
            setattr(product, name, values[name])
