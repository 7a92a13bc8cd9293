from flask import Blueprint

from products.views import ManyProducts, OneProduct

blueprint = Blueprint("products", __name__, url_prefix="/api/v1/products")
blueprint.add_url_rule("", view_func=ManyProducts.as_view("many"))
blueprint.add_url_rule("/<int:product_id>", view_func=OneProduct.as_view("one"))
