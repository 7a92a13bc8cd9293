from hashlib import sha256

from flask import Blueprint, current_app, make_response, request, url_for
from flask.views import MethodView
from sqlalchemy import exc
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from imports import Catalogue, import_batch
from models import Import, db

imports = Blueprint("imports", __name__)


class Door:
    def __init__(self, files):
        if "file" not in files:
            raise BadRequest("There is no file in the form.")
        self.file = files["file"]

    def content(self):
        named = (self.file.filename or "").lower().endswith(".csv")
        if not named and self.file.content_type.split(";")[0] != "text/csv":
            raise UnsupportedMediaType("Neither the name nor the type says CSV.")
        content = self.file.read(5_000_001)
        if len(content) > 5_000_000:
            raise RequestEntityTooLarge("The file is larger than 5 MB.")
        if content.startswith((b"\x89PNG", b"PK", b"%PDF")) or b"\x00" in content:
            raise UnsupportedMediaType("The file has another format than CSV.")
        return content

    def lines(self, content):
        try:
            catalogue = Catalogue(content)
        except UnicodeError:
            raise UnprocessableEntity("The file must be saved in UTF-8.") from None
        columns = catalogue.columns
        if sorted(columns) not in (["name"], ["description", "name"]):
            raise UnprocessableEntity("The columns must be name and description.")
        if not any(catalogue.after(0)):
            raise UnprocessableEntity("There are no lines below the columns.")
        return len(catalogue.lines)


def show(job):
    share = round(100 * job.line / job.lines) if job.line else 0
    state = ("WAITING" if share == 0 else "RUNNING") if job.line < job.lines else "DONE"
    bad = [dict(line=each.line, reason=each.reason) for each in job.bad_lines]
    return dict(
        id=job.id, state=state, progress=share, imported=job.imported, bad=len(bad), bad_lines=bad
    )


class Imports(MethodView):
    def post(self):
        door = Door(request.files)
        content = door.content()
        lines = door.lines(content)
        digest = sha256(content).hexdigest()
        job = Import(digest=digest, content=content, lines=lines)
        try:
            db.session.add(job)
            db.session.commit()
        except exc.IntegrityError:
            db.session.rollback()
            job = db.session.execute(db.select(Import).filter_by(digest=digest)).scalar_one()
        if job.line < job.lines:
            task = current_app.extensions["celery"].tasks[import_batch.name]
            task.apply_async((job.id,), ignore_result=True)
        response = make_response(show(job), 202)
        response.location = url_for(".one", import_id=job.id, _external=True)
        return response


@imports.route("/imports/<int:import_id>", endpoint="one")
def one(import_id):
    return show(db.get_or_404(Import, import_id))


imports.add_url_rule("/imports", view_func=Imports.as_view("all"))
