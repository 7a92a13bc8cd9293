import json
import time

from celery import uuid
from celery.states import PROPAGATE_STATES, READY_STATES
from flask import (
    Blueprint,
    abort,
    current_app,
    jsonify,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from marshmallow.validate import Range

from recount import recount
from schemas import ma

LOOK_EVERY = 0.25
QUIET_FOR = 3

progress = Blueprint("progress", __name__)


class RecountSchema(ma.Schema):
    items = ma.Integer(strict=True, load_default=40, validate=Range(1, 1000))


def look_up(task_id):
    found = current_app.extensions["celery"].backend.get_task_meta(task_id)
    result = found["result"]
    answer = {"task_id": task_id, "state": found["status"]}
    if isinstance(result, dict):
        answer = {**result, **answer}
    elif found["status"] in PROPAGATE_STATES:
        answer["message"] = f"The recount failed: {str(result) or repr(result)}"
    return answer


def find_recount(task_id):
    answer = look_up(task_id)
    if answer["state"] == "PENDING":
        abort(404, f"There is no recount {task_id}.")
    return answer


@progress.after_request
def keep_no_copy(response):
    response.headers["Cache-Control"] = "no-store"
    return response


@progress.get("/")
def show_page():
    return render_template("progress.html")


@progress.post("/")
def start_recount():
    items = RecountSchema().load(request.get_json() if request.data else {})["items"]
    celery = current_app.extensions["celery"]
    task_id = uuid()
    first = {"done": 0, "total": items, "message": "Waiting for a worker."}
    celery.backend.store_result(task_id, first, "QUEUED")
    celery.tasks[recount.name].apply_async(args=[items], task_id=task_id)
    location = url_for("progress.read_recount", task_id=task_id)
    return jsonify(task_id=task_id, state="QUEUED"), 202, {"Location": location}


@progress.get("/<task_id>")
def read_recount(task_id):
    return jsonify(find_recount(task_id))


def event_id(answer):
    return f"{answer['state']}-{answer.get('done')}"


def events(task_id, last_id):
    spoke = time.monotonic()
    while True:
        answer = look_up(task_id)
        if event_id(answer) != last_id:
            last_id = event_id(answer)
            yield f"id: {last_id}\ndata: {json.dumps(answer)}\n\n"
            spoke = time.monotonic()
        elif time.monotonic() - spoke > QUIET_FOR:
            yield ": still here\n\n"
            spoke = time.monotonic()
        if answer["state"] in READY_STATES or answer["state"] == "PENDING":
            return
        time.sleep(LOOK_EVERY)


@progress.get("/<task_id>/events")
def follow_recount(task_id):
    answer = find_recount(task_id)
    last_id = request.headers.get("Last-Event-ID")
    if answer["state"] in READY_STATES and event_id(answer) == last_id:
        return "", 204
    stream = "".join(events(task_id, last_id))
    return current_app.response_class(stream, mimetype="text/event-stream")
