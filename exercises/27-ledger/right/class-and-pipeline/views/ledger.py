"""Class-based views, and one place that reads parameters."""

from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, current_app, request
from flask.views import MethodView
from redis.exceptions import RedisError

from ledger import Ledger, total
from store import redis_client

ledger = Blueprint("ledger", __name__)


@ledger.before_request
def there():
    try:
        redis_client.ping()
    except RedisError as error:
        current_app.logger.warning("no Redis: %s", error)
        abort(503, "No ledger without Redis.")


def parameter(name, read, problem, default=None):
    try:
        return read(request.args.get(name, default))
    except (TypeError, ValueError, ArithmeticError):
        abort(400, f"The parameter {name} {problem}.")


def duration(text):
    found = Decimal(text)
    if not found.is_finite() or found < 0:
        raise InvalidOperation(text)
    return str(found)


class Append(MethodView):
    def get(self):
        Ledger().append(parameter("value", int, "is an integer"))
        return "Done."


class Total(MethodView):
    def get(self):
        delay = parameter("delay", duration, "is a number of seconds, 0 or more", "2.5")
        with current_app.extensions["celery"].connection_for_write() as connection:
            task = current_app.extensions["celery"].tasks[total.name]
            return task.apply_async((delay,), connection=connection).id


class Result(MethodView):
    def get(self):
        task_id = request.args.get("id") or abort(400, "The parameter id is missing.")
        meta = current_app.extensions["celery"].backend.get_task_meta(task_id)
        if meta["status"] == "SUCCESS":
            return f"{meta['result']}\n", {"Content-Type": "text/plain"}
        if meta["status"] in ("FAILURE", "REVOKED"):
            abort(410, "This sum will never come.")
        return "Pending..."


for view in (Append, Total, Result):
    name = view.__name__.lower()
    ledger.add_url_rule(f"/{name}", view_func=view.as_view(name))
