import json

import redis
from celery import states, uuid
from flask import Blueprint, abort, current_app, jsonify, request, url_for

from tasks import tell_time

task = Blueprint("task", __name__)


def client():
    return redis.Redis.from_url(current_app.extensions["celery"].conf.result_backend)


@task.post("/")
def start_task():
    celery = current_app.extensions["celery"]
    body = request.get_json(silent=True) or {}
    chosen = {"seconds": body["seconds"]} if "seconds" in body else {}
    task_id = uuid()
    client().set(f"given-out-{task_id}", "yes", ex=celery.conf.result_expires)
    celery.send_task(tell_time.name, kwargs=chosen, task_id=task_id)
    place = url_for(".read_task", task_id=task_id, _external=True)
    return {"task_id": task_id, "state": "PENDING"}, 202, {"Location": place}


@task.get("/<task_id>")
def read_task(task_id):
    given_out, kept = client().mget(f"given-out-{task_id}", f"celery-task-meta-{task_id}")
    if not (given_out or kept):
        abort(404)
    found = json.loads(kept or '{"status": "PENDING"}')
    answer = {"task_id": task_id, "state": found["status"]}
    if found["status"] == states.SUCCESS:
        return answer | {"result": found["result"]}
    if found["status"] == states.FAILURE:
        failure = found["result"]
        message = " ".join(map(str, failure["exc_message"]))
        answer["error"] = {"type": failure["exc_type"], "message": message}
    return answer
