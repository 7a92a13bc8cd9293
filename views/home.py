from flask import Blueprint

home = Blueprint("home", __name__)


@home.get("/")
def hello():
    return "Hello! The products are at /api/v1/products.\n"
