from flask import Blueprint

from models import Notice, db
from schemas import many_notice_schema

blueprint = Blueprint("notices", __name__, url_prefix="/api/v1/notices")


@blueprint.route("")
def index():
    return many_notice_schema.jsonify(db.session.scalars(db.select(Notice).order_by(Notice.id)))
