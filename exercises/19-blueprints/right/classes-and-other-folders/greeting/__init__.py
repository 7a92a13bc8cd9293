from flask import Blueprint

blueprint = Blueprint("greeting", __name__)
blueprint.add_url_rule("/", "hello", lambda: "Hello! The products are at /api/v1/products.\n")
