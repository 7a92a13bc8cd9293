import hashlib

from flask import Blueprint, abort, jsonify, request, url_for
from sqlalchemy.exc import IntegrityError

from imports import read_columns, read_lines, run_import
from models import Import, db
from views.products import enqueue

LARGEST = 5_000_000
MOST_LINES = 100_000
COLUMNS = {"name", "description"}

imports = Blueprint("imports", __name__)


def check_file(file):
    if file is None or not file.filename:
        abort(400, "Send a CSV file in the field file.")
    if file.mimetype != "text/csv" and not file.filename.lower().endswith(".csv"):
        abort(415, "This is not a CSV file.")
    content = file.read()
    if len(content) > LARGEST:
        abort(413, f"The file is larger than {LARGEST:,} bytes.")
    if b"\0" in content:
        abort(415, "This is not a text file.")
    try:
        lines = [(last, values) for _number, last, values in read_lines(content)]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        abort(422, f"The file is not in UTF-8: look at line {line}.")
    if not lines:
        abort(422, "The file is empty.")
    columns = read_columns(lines[0][1])
    if "name" not in columns:
        abort(422, "The first line must name the columns: name, description.")
    if len(set(columns)) < len(columns) or not set(columns) <= COLUMNS:
        abort(422, f"The columns are name and description, not: {', '.join(columns)}.")
    if not any(values != [] for _last, values in lines[1:]):
        abort(422, "The file has no products.")
    if len(lines) > MOST_LINES:
        abort(413, f"The file has more than {MOST_LINES} lines.")
    return content, lines[-1][0]


def find_or_add(content, lines):
    digest = hashlib.sha256(content).hexdigest()
    same_file = db.select(Import).filter_by(digest=digest)
    upload = db.session.scalar(same_file)
    if upload is None:
        upload = Import(digest=digest, content=content, lines=lines)
        db.session.add(upload)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            upload = db.session.scalar(same_file)
    return upload


def as_json(upload):
    state = "RUNNING" if upload.line else "WAITING"
    return {
        "id": upload.id,
        "state": "DONE" if upload.line == upload.lines else state,
        "progress": 100 * upload.line // upload.lines,
        "imported": upload.imported,
        "bad": len(upload.bad_lines),
        "bad_lines": [
            {"line": each.line, "reason": each.reason} for each in upload.bad_lines
        ],
    }


@imports.post("/imports")
def create_import():
    # The form is a little larger than the file in it.
    request.max_content_length = LARGEST + 100_000
    upload = find_or_add(*check_file(request.files.get("file")))
    answer = as_json(upload)
    if answer["state"] != "DONE":
        enqueue(run_import, upload.id)
    location = url_for("imports.read_import", import_id=upload.id)
    return jsonify(answer), 202, {"Location": location}


# The database cannot look for a larger id.
@imports.get("/imports/<int(max=2147483647):import_id>")
def read_import(import_id):
    upload = db.session.get(Import, import_id)
    if upload is None:
        abort(404, f"There is no import {import_id}.")
    return jsonify(as_json(upload)), {"Cache-Control": "no-store"}
