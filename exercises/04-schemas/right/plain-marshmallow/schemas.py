from flask_marshmallow import Marshmallow
from marshmallow import Schema, fields

ma = Marshmallow()


class ProductSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    description = fields.String()


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
