from flask_marshmallow import Marshmallow
from marshmallow import ValidationError
from marshmallow.validate import Length

from models import Notice, Product

ma = Marshmallow()


def not_blank(value):
    if not value.strip():
        raise ValidationError("A name cannot be blank.")


class ProductSchema(ma.SQLAlchemyAutoSchema):
    class Meta:
        model = Product
        fields = ("id", "name", "description")
        dump_only = ("id",)

    name = ma.String(required=True, validate=[not_blank, Length(max=120)])


class NoticeSchema(ma.SQLAlchemyAutoSchema):
    class Meta:
        model = Notice
        include_fk = True
        fields = ("id", "product_id", "text")


one_product_schema = ProductSchema()
many_product_schema = ProductSchema(many=True)
many_notice_schema = NoticeSchema(many=True)
