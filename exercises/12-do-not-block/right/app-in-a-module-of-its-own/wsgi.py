from flask import abort, request
from flask.views import MethodView

from application import app
from models import Product, db
from schemas import many_product_schema, one_product_schema
from tasks import very_slow_add

BASE_URL = "/api/v1"


@app.get("/")
def hello():
    return "Hello! The products are at /api/v1/products.\n"


class Products(MethodView):
    def get(self):
        very_slow_add.delay(1, b=2)
        return many_product_schema.jsonify(db.session.scalars(db.select(Product)))

    def post(self):
        product = Product(**one_product_schema.load(request.get_json()))
        db.session.add(product)
        db.session.commit()
        return one_product_schema.jsonify(product), 201


class OneProduct(MethodView):
    def find(self, product_id):
        return db.session.get(Product, product_id) or abort(404)

    def get(self, product_id):
        return one_product_schema.jsonify(self.find(product_id))

    def patch(self, product_id):
        product = self.find(product_id)
        changes = one_product_schema.load(request.get_json(), partial=True)
        for name, value in changes.items():
            setattr(product, name, value)
        db.session.commit()
        return "", 204

    def delete(self, product_id):
        db.session.delete(self.find(product_id))
        db.session.commit()
        return "", 204


app.add_url_rule(f"{BASE_URL}/products", view_func=Products.as_view("products"))
app.add_url_rule(f"{BASE_URL}/products/<int:product_id>", view_func=OneProduct.as_view("product"))
