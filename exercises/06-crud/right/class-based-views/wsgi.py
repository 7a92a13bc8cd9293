from flask import Flask, jsonify, request
from flask.views import MethodView
from flask_migrate import Migrate
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from config import Config
from models import Product, db
from schemas import ma, many_product_schema, one_product_schema


class Products(MethodView):
    def get(self):
        products = db.session.execute(db.select(Product)).scalars().all()
        return jsonify(many_product_schema.dump(products))

    def post(self):
        data = one_product_schema.load(request.json)
        product = Product(name=data["name"], description=data.get("description"))
        db.session.add(product)
        db.session.commit()
        return one_product_schema.dump(product), 201


class OneProduct(MethodView):
    def get(self, product_id):
        return one_product_schema.dump(db.get_or_404(Product, product_id))

    def patch(self, product_id):
        product = db.get_or_404(Product, product_id)
        changes = one_product_schema.load(request.json, partial=True)
        product.name = changes.get("name", product.name)
        product.description = changes.get("description", product.description)
        db.session.commit()
        return "", 204

    def delete(self, product_id):
        db.session.delete(db.get_or_404(Product, product_id))
        db.session.commit()
        return "", 204


app = Flask(__name__)
app.config.from_object(Config)
db.init_app(app)
ma.init_app(app)
Migrate(app, db)

app.add_url_rule("/", view_func=lambda: "Welcome to the shop!\n")
app.add_url_rule("/api/v1/products", view_func=Products.as_view("products"))
app.add_url_rule("/api/v1/products/<int:product_id>", view_func=OneProduct.as_view("product"))


@app.errorhandler(HTTPException)
def http_error(error):
    return {"code": error.code, "message": error.description}, error.code


@app.errorhandler(ValidationError)
def validation_error(error):
    return {"code": 422, "errors": error.messages}, 422
