from celery import states, uuid
from flask import Blueprint, abort, current_app, jsonify, request, url_for

from tasks import tell_time

task = Blueprint("task", __name__)


def asked_for():
    body = request.get_json() if request.content_length else {}
    if not isinstance(body, dict):
        abort(400, 'The body must be an object, such as {"seconds": 2}.')
    return [body["seconds"]] if "seconds" in body else []


@task.post("/")
def start_task():
    celery = current_app.extensions["celery"]
    args = asked_for()
    task_id = uuid()
    # Celery says PENDING of any id; stored, it says that this one was given out.
    celery.backend.store_result(task_id, None, states.PENDING)
    celery.tasks[tell_time.name].apply_async(args=args, task_id=task_id)
    location = url_for("task.read_task", task_id=task_id)
    return jsonify(task_id=task_id, state=states.PENDING), 202, {"Location": location}


def stored(task_id):
    backend = current_app.extensions["celery"].backend
    found = backend.get(backend.get_key_for_task(task_id))
    if found is None:
        abort(404, f"There is no task {task_id}.")
    return backend.decode(found)


def as_json(failure):
    message = ", ".join(str(each) for each in failure["exc_message"])
    return {"type": failure["exc_type"], "message": message}


@task.get("/<task_id>")
def read_task(task_id):
    meta = stored(task_id)
    answer = {"task_id": task_id, "state": meta["status"]}
    if answer["state"] in states.PROPAGATE_STATES:
        answer["error"] = as_json(meta["result"])
    elif meta["result"] is not None:
        answer["result"] = meta["result"]
    return jsonify(answer)
