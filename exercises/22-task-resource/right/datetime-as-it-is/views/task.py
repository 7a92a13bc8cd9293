from flask import Blueprint, current_app, jsonify, make_response, url_for

from tasks import tell_time

task = Blueprint("task", __name__)


@task.post("/")
def start_task():
    celery = current_app.extensions["celery"]
    result = celery.tasks[tell_time.name].delay()
    response = make_response(jsonify(task_id=result.id, state=result.state), 202)
    response.location = url_for(".read_task", task_id=result.id)
    return response


@task.get("/<task_id>")
def read_task(task_id):
    result = current_app.extensions["celery"].AsyncResult(task_id)
    if result.successful():
        return jsonify(task_id=task_id, state="SUCCESS", result=result.result)
    return jsonify(task_id=task_id, state=result.status)
