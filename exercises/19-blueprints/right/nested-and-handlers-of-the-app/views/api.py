from flask import Blueprint

from views.notices import notices
from views.products import products

api = Blueprint("api", __name__, url_prefix="/api/v1")
api.register_blueprint(notices)
api.register_blueprint(products)
