from flask import Blueprint

from models import Notice, db
from schemas import many_product_schema

notices = Blueprint("notices", __name__)


@notices.get("/notices")
def read_many_notices():
    found = db.session.scalars(db.select(Notice).order_by(Notice.id))
    return many_product_schema.jsonify(found)
