"""Each route says itself what it cannot do."""

import math
from http import HTTPStatus

from celery.result import AsyncResult
from flask import Blueprint, Response, current_app, request
from redis.exceptions import RedisError

from ledger import sum_up
from store import redis_client

ledger = Blueprint("ledger", __name__)
KEY = "numbers"


def text(sentence, status=200):
    return Response(sentence, status, mimetype="text/plain")


@ledger.get("/append")
def push():
    value = request.args.get("value", type=int)
    if value is None:
        return text("There must be a value, and it must be an integer.", HTTPStatus.BAD_REQUEST)
    try:
        redis_client.lpush(KEY, value)
    except RedisError:
        return text("Redis is away.", HTTPStatus.SERVICE_UNAVAILABLE)
    return text("Done.")


@ledger.get("/total")
def total():
    delay = request.args.get("delay", default="1")
    try:
        delay = float(delay)
    except ValueError:
        delay = math.nan
    if not math.isfinite(delay) or delay < 0:
        return text("The delay must be a number of seconds.", HTTPStatus.BAD_REQUEST)
    try:
        redis_client.ping()
    except RedisError:
        return text("Redis is away.", HTTPStatus.SERVICE_UNAVAILABLE)
    celery = current_app.extensions["celery"]
    return text(celery.send_task(sum_up.name, args=[delay], kwargs={"key": KEY}).id)


@ledger.get("/result")
def result():
    task_id = request.args.get("id", "")
    if task_id == "":
        return text("There must be an id, that of a task.", HTTPStatus.BAD_REQUEST)
    try:
        redis_client.ping()
    except RedisError:
        return text("Redis is away.", HTTPStatus.SERVICE_UNAVAILABLE)
    found = AsyncResult(task_id, app=current_app.extensions["celery"])
    match found.state:
        case "SUCCESS":
            return text(found.result)
        case "FAILURE" | "REVOKED":
            return text("This task has failed.", HTTPStatus.BAD_GATEWAY)
        case _:
            return text("Pending...\n")
