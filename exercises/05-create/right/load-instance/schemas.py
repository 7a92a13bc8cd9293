from flask_marshmallow import Marshmallow
from marshmallow import fields, validate

from models import Product, db

ma = Marshmallow()


class ProductSchema(ma.SQLAlchemyAutoSchema):
    class Meta:
        model = Product
        load_instance = True
        sqla_session = db.session

    id = fields.Integer(dump_only=True)
    name = fields.String(
        required=True,
        validate=validate.And(validate.Length(max=120), validate.Regexp(r".*\S")),
    )


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
