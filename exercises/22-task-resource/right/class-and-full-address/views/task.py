from flask import Blueprint, current_app, url_for
from flask.views import MethodView

from tasks import tell_time

task = Blueprint("task", __name__)


def app_celery():
    return current_app.extensions["celery"]


def as_json(result):
    state = result.state
    done = {"result": result.get()} if state == "SUCCESS" else {}
    return {"task_id": result.id, "state": state, **done}


class Tasks(MethodView):
    def post(self):
        result = app_celery().send_task(tell_time.name, kwargs={"seconds": 5})
        headers = {"Location": url_for("task.one", task_id=result.id, _external=True)}
        return as_json(result), 202, headers


class OneTask(MethodView):
    def get(self, task_id):
        return as_json(app_celery().AsyncResult(task_id))


task.add_url_rule("/task/", view_func=Tasks.as_view("all"))
task.add_url_rule("/task/<task_id>", view_func=OneTask.as_view("one"))
