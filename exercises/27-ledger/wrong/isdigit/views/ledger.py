from flask import Blueprint, abort, current_app, jsonify, request
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError, TimeoutError

from ledger import append, total
from store import redis_client

LONGEST = 86_400  # seconds; a result is kept for a day as well

ledger = Blueprint("ledger", __name__)


@ledger.before_request
def find_redis():
    # Asked first, because Celery would look for it for twenty seconds.
    redis_client.ping()


@ledger.errorhandler(ConnectionError)
@ledger.errorhandler(TimeoutError)
@ledger.errorhandler(OperationalError)
def no_redis(error):
    current_app.logger.error("The ledger has no Redis: %s", error)
    return jsonify(error="Service Unavailable", message="The ledger is closed."), 503


def whole_number(text):
    # int also takes 1_000, and writes no number of more than 4,300 digits: a sum must stay below.
    if not text.lstrip("-").isdigit():
        abort(400, "value must be an integer: /append?value=10")
    return int(text)


def seconds(text):
    try:
        delay = float(text.replace("_", "?"))
    except ValueError:
        delay = -1
    # False for nan too, which is neither below nor above anything.
    if not 0 <= delay <= LONGEST:
        abort(400, f"delay must be a number of seconds, from 0 to {LONGEST}: /total?delay=5")
    return delay


@ledger.get("/append")
def append_value():
    append(whole_number(request.args.get("value", "")))
    return "Done."


@ledger.get("/total")
def start_total():
    delay = seconds(request.args.get("delay", "5"))
    return current_app.extensions["celery"].tasks[total.name].delay(delay).id


@ledger.get("/result")
def read_total():
    task_id = request.args.get("id")
    if not task_id:
        abort(400, "id is missing: /result?id=... with what /total answered")
    result = current_app.extensions["celery"].AsyncResult(task_id)
    if not result.ready():
        return "Pending..."
    if not result.successful():
        current_app.logger.error("Task %s: %s", task_id, result.result)
        abort(500, "The sum could not be made: look at the log of the worker.")
    return str(result.result)
