import csv
import hashlib
import io
import os

from flask import Blueprint, current_app, jsonify, request, url_for
from sqlalchemy import exc, func

from imports import import_lines
from models import BadLine, Import, ImportLine, db

imports = Blueprint("imports", __name__)


class Refused(Exception):
    def __init__(self, status, sentence):
        self.answer = jsonify(error="Refused", message=sentence), status


@imports.errorhandler(Refused)
def refuse(error):
    return error.answer


def read(upload):
    if upload is None:
        raise Refused(400, "The form has no file.")
    _root, ending = os.path.splitext(upload.filename or "")
    if ending not in (".csv", ".CSV") and upload.mimetype != "text/csv":
        raise Refused(415, "The file is no CSV.")
    data = upload.stream.read()
    if len(data) > 5_000_000:
        raise Refused(413, "The file is too large.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        status = 415 if data[:4] in (b"\x89PNG", b"PK\x03\x04") else 422
        raise Refused(status, "The file is not text in UTF-8.")
    try:
        dialect = csv.Sniffer().sniff(text.split("\n")[0], ",;")
    except csv.Error:
        dialect = csv.excel
    rows = csv.reader(io.StringIO(text), delimiter=dialect.delimiter)
    columns = [column.strip().lower() for column in next(rows, ())]
    if "name" not in columns or set(columns) - {"name", "description"}:
        raise Refused(422, "The columns are not name and description.")
    lines = []
    for row in rows:
        if row:
            whole = len(row) == len(columns)
            values = dict(zip(columns, row)) if whole else {"": row}
            if not values.get("description", "x"):
                del values["description"]
            lines.append((rows.line_num, values))
    if not lines:
        raise Refused(422, "The file has no products.")
    return hashlib.sha1(data).digest(), lines


def told(item):
    left = db.session.scalar(
        db.select(func.count(ImportLine.number)).where(ImportLine.import_id == item.id)
    )
    bad = db.session.scalars(
        db.select(BadLine).filter_by(import_id=item.id).order_by(BadLine.line)
    ).all()
    done = item.total - left
    return {
        "id": item.id,
        "state": "DONE" if not left else "RUNNING" if done else "WAITING",
        "progress": 100.0 * done / item.total,
        "imported": done - len(bad),
        "bad": len(bad),
        "bad_lines": [{"line": each.line, "reason": each.reason + f" ({each.line})"} for each in bad],
    }


@imports.route("/imports", methods=["POST"])
def take():
    digest, lines = read(request.files.get("file"))
    item = Import(digest=digest, total=len(lines))
    db.session.add(item)
    try:
        db.session.flush()
        db.session.execute(
            db.insert(ImportLine),
            [{"import_id": item.id, "number": n, "values": values} for n, values in lines],
        )
        db.session.commit()
    except exc.IntegrityError:
        db.session.rollback()
        item = db.session.scalars(db.select(Import).filter_by(digest=digest)).one()
    celery = current_app.extensions["celery"]
    celery.send_task("imports.import_lines", [item.id], ignore_result=True)
    return told(item), 202, {"Location": url_for("imports.tell", number=item.id)}


@imports.route("/imports/<int:number>")
def tell(number):
    return told(db.get_or_404(Import, number))
