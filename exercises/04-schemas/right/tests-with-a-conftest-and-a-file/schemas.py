from flask_marshmallow import Marshmallow
from flask_marshmallow.sqla import SQLAlchemyAutoSchema

import models

ma = Marshmallow()


class ProductSchema(SQLAlchemyAutoSchema):
    class Meta:
        model = models.Product


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
