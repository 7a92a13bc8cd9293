from flask import abort, request
from flask.views import MethodView

from models import Product, db
from products.enqueue import enqueue
from schemas import many_product_schema, one_product_schema


def find_product(product_id):
    product = db.session.get(Product, product_id)
    if product is None:
        abort(404, f"There is no product {product_id}.")
    return product


class ManyProducts(MethodView):
    def get(self):
        enqueue("very_slow_add", 1, 2)
        found = db.session.scalars(db.select(Product).order_by(Product.id))
        return many_product_schema.jsonify(found)

    def post(self):
        product = Product(**one_product_schema.load(request.get_json()))
        db.session.add(product)
        db.session.commit()
        enqueue("write_notice", product.id)
        return one_product_schema.jsonify(product), 201


class OneProduct(MethodView):
    def get(self, product_id):
        return one_product_schema.jsonify(find_product(product_id))

    def patch(self, product_id):
        product = find_product(product_id)
        changes = one_product_schema.load(request.get_json(), partial=True)
        for name, value in changes.items():
            setattr(product, name, value)
        db.session.commit()
        return "", 204

    def delete(self, product_id):
        db.session.delete(find_product(product_id))
        db.session.commit()
        return "", 204
