"""A class, whose methods are views, and whose base asks Redis first."""

from pyramid.httpexceptions import exception_response
from pyramid.response import Response
from pyramid.view import view_config, view_defaults
from redis.exceptions import RedisError

from ledger.tasks import LEDGER, total


def number(text, kind, name):
    try:
        found = kind(text)
        if kind is float and not 0 <= found < float("inf"):
            raise ValueError(text)
    except (TypeError, ValueError):
        raise exception_response(400, detail=f"This is no good {name}: {text}.") from None
    return found


@view_defaults(renderer="string")
class Ledger:
    def __init__(self, request):
        self.request = request
        try:
            request.redis.ping()
        except RedisError as error:
            raise exception_response(503, detail="There is no Redis now.") from error

    @view_config(route_name="append")
    def append(self):
        value = number(self.request.GET.get("value"), int, "value")
        with self.request.redis.pipeline() as pipe:
            pipe.rpush(LEDGER, value)
            pipe.execute()
        return "Done."

    @view_config(route_name="total")
    def total(self):
        delay = number(self.request.GET.get("delay", "2"), float, "delay")
        return self.request.delay_task(total, delay=delay).task_id

    @view_config(route_name="result")
    def result(self):
        task_id = self.request.GET.get("id") or ""
        if not task_id:
            return Response("id: which one?", 400)
        found = self.request.get_task_result(task_id)
        match found.status:
            case "SUCCESS":
                return str(found.result) + "\n"
            case "FAILURE" | "REVOKED":
                return Response("This sum has failed.", 410)
        return "Pending..."
