from flask_marshmallow import Marshmallow
from marshmallow import ValidationError
from marshmallow.validate import Length

from models import Product

ma = Marshmallow()


def not_blank(value):
    if not value.strip():
        raise ValidationError("A name cannot be blank.")


class ProductSchema(ma.SQLAlchemyAutoSchema):
    class Meta:
        model = Product
        fields = ("id", "name", "description")

    name = ma.String(required=True, validate=[not_blank, Length(max=120)])


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
