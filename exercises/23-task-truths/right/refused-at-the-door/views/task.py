from celery import uuid
from flask import Blueprint, abort, current_app, jsonify, make_response, request, url_for
from flask.views import MethodView
from marshmallow import Schema, fields, validate

from tasks import tell_time

task = Blueprint("task", __name__)


class Asked(Schema):
    seconds = fields.Float(load_default=5, validate=validate.Range(min=0, max=3600))


class Failure(Schema):
    type = fields.String(attribute="exc_type")
    message = fields.Function(lambda failure: "; ".join(map(str, failure["exc_message"])))


def backend():
    return current_app.extensions["celery"].backend


class Tasks(MethodView):
    def post(self):
        asked = Asked().load(request.get_json() if request.data else {})
        task_id = uuid()
        key = backend().get_key_for_task(task_id)
        meta = backend().encode({"status": "PENDING", "result": None, "task_id": task_id})
        backend().set(key, meta, max_retries=0)
        celery = current_app.extensions["celery"]
        celery.tasks[tell_time.name].apply_async((asked["seconds"],), task_id=task_id)
        response = make_response(jsonify(task_id=task_id, state="PENDING"), 202)
        response.location = url_for("task.one", task_id=task_id)
        return response


class OneTask(MethodView):
    def get(self, task_id):
        meta = backend().get(backend().get_key_for_task(task_id))
        if not meta:
            abort(404, "Nobody was given this id, or it has expired.")
        meta = backend().decode(meta)
        match meta["status"]:
            case "SUCCESS":
                more = {"result": meta["result"]}
            case "FAILURE" | "REVOKED":
                more = {"error": Failure().dump(meta["result"])}
            case _:
                more = {}
        return jsonify(task_id=task_id, state=meta["status"], **more)


task.add_url_rule("/", view_func=Tasks.as_view("all"))
task.add_url_rule("/<task_id>", view_func=OneTask.as_view("one"))
