import itertools
import json
import time
from uuid import uuid4

from celery.result import AsyncResult
from flask import Blueprint, abort, current_app, request
from flask.views import MethodView

from recount import recount

progress = Blueprint("progress", __name__)


class Progress:
    def __init__(self, task_id):
        self.celery = current_app.extensions["celery"]
        self.task_id = task_id

    def known(self):
        backend = self.celery.backend
        return backend.client.exists(backend.get_key_for_task(self.task_id))

    def now(self):
        result = AsyncResult(self.task_id, app=self.celery)
        state = result.state
        info = result.info
        if isinstance(info, dict):
            return {"task_id": self.task_id, "state": state} | info
        return {"task_id": self.task_id, "state": state, "message": f"{state}: {info}"}


class Collection(MethodView):
    def get(self):
        return current_app.send_static_file("progress.html")

    def post(self):
        items = request.get_json().get("items", 40) if request.data else 40
        if not isinstance(items, int) or items < 1:
            abort(422, "How many items?")
        celery = current_app.extensions["celery"]
        task = celery.tasks[recount.name].s(items).set(task_id=str(uuid4()))
        task_id = task.options["task_id"]
        told = {"done": 0, "total": items, "message": f"0 of {items}"}
        celery.backend.store_result(task_id, told, "ACCEPTED")
        task.delay()
        answer = {"task_id": task_id, "state": "ACCEPTED"}
        return answer, 202, {"Location": f"/progress/{task_id}"}


class Item(MethodView):
    def get(self, task_id):
        found = Progress(task_id)
        if not found.known():
            abort(404)
        return found.now(), {"Cache-Control": "private, no-store"}


class Events(MethodView):
    def get(self, task_id):
        found = Progress(task_id)
        if not found.known():
            abort(404)
        last = request.headers.get("Last-Event-ID", "")
        if last.startswith("end:"):
            return "", 204
        body = self.body(found, last)
        return body, {"Cache-Control": "no-store", "Content-Type": "text/event-stream"}

    def body(self, found, last):
        for tick in itertools.count():
            answer = found.now()
            over = answer["state"] in ("SUCCESS", "FAILURE", "REVOKED")
            key = "end:" if over else str(answer.get("done"))
            if key != last:
                last = key
                yield f"event: message\nid: {key}\n"
                yield f"data: {json.dumps(answer)}\n\n"
            elif tick % 10 == 0:
                yield ": alive\n\n"
            if over:
                break
            time.sleep(0.1)


progress.add_url_rule("/", view_func=Collection.as_view("collection"))
progress.add_url_rule("/<task_id>", view_func=Item.as_view("item"))
progress.add_url_rule("/<task_id>/events", view_func=Events.as_view("events"))
