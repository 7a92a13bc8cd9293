from flask_marshmallow import Marshmallow
from marshmallow import Schema, fields, validate

ma = Marshmallow()


class ProductSchema(Schema):
    id = fields.Integer(dump_only=True)
    name = fields.String(
        required=True,
        validate=[validate.Length(min=1, max=120), validate.Regexp(r".*\S", error="Blank name.")],
    )
    description = fields.String(allow_none=True)


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
