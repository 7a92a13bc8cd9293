from flask import Blueprint, current_app, jsonify, url_for

from tasks import tell_time

task = Blueprint("task", __name__)


@task.post("/")
def start_task():
    celery = current_app.extensions["celery"]
    result = celery.tasks[tell_time.name].delay()
    location = url_for("task.read_task", task_id=result.id)
    return jsonify(task_id=result.id, state=result.state), 202, {"Location": location}


@task.get("/<task_id>")
def read_task(task_id):
    result = current_app.extensions["celery"].AsyncResult(task_id)
    answer = {"task_id": task_id, "state": result.state}
    if result.ready():
        answer["result"] = str(result.result)
    return jsonify(answer)
