from flask import Blueprint, abort

api = Blueprint("api", __name__, url_prefix="/api/v1")
CATALOGUE = [dict(id=7, name="Chair", price=40), dict(id=9, name="Table", price=90)]


@api.route("/products", methods=["GET"])
def products():
    return CATALOGUE


@api.route("/products/<int:number>")
def product(number):
    for each in CATALOGUE:
        if each["id"] == number:
            return each
    return abort(404)
