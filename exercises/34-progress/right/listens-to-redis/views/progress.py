import json

from celery import states, uuid
from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request, url_for

from recount import recount

ENDED = states.READY_STATES

progress = Blueprint("progress", __name__)


def backend():
    return current_app.extensions["celery"].backend


def as_answer(task_id, meta):
    told = meta["result"] if isinstance(meta["result"], dict) else {}
    return {
        "task_id": task_id,
        "state": meta["status"],
        "done": told.get("done"),
        "total": told.get("total"),
        "message": told.get("message") or f"Stopped: {meta['result']!r}",
    }


def number_of(answer):
    return f"{answer['state']}/{answer['done']}"


def find(task_id):
    meta = backend().get_task_meta(task_id)
    return None if meta["status"] == states.PENDING else as_answer(task_id, meta)


@progress.get("/")
def page():
    return render_template("progress.html"), {"Cache-Control": "no-store"}


@progress.post("/")
def begin():
    body = request.get_json(silent=True) if request.data else {}
    items = body.get("items", 40) if isinstance(body, dict) else None
    if type(items) is not int or not 0 < items <= 1000:
        abort(400, "items is a whole number from 1 to 1000.")
    task_id = uuid()
    waiting = {"done": 0, "total": items, "message": "It waits for a worker."}
    backend().store_result(task_id, waiting, "WAITING")
    recount.apply_async(kwargs={"items": items}, task_id=task_id)
    place = url_for(".tell", task_id=task_id)
    return jsonify(task_id=task_id, state="WAITING"), 202, {"Location": place}


@progress.get("/<task_id>")
def tell(task_id):
    answer = find(task_id) or abort(404)
    return jsonify(answer), {"Cache-Control": "no-store"}


@progress.get("/<task_id>/events")
def follow(task_id):
    storage = backend()
    heard = storage.client.pubsub(ignore_subscribe_messages=True)
    heard.subscribe(storage.get_key_for_task(task_id))
    answer = find(task_id)
    last = request.headers.get("Last-Event-ID")
    if answer is None or (answer["state"] in ENDED and number_of(answer) == last):
        heard.close()
        return (abort(404) if answer is None else ("", 204))

    def stream(answer, last):
        with heard:
            while True:
                if answer is None:
                    yield ":\n\n"
                elif number_of(answer) != last:
                    last = number_of(answer)
                    yield f"id: {last}\r\ndata: {json.dumps(answer)}\r\n\r\n"
                if answer is not None and answer["state"] in ENDED:
                    return
                message = heard.get_message(timeout=2.0)
                answer = message and as_answer(task_id, storage.decode_result(message["data"]))

    return Response(
        stream(answer, last),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )
