import re

from pyramid.events import NewRequest, subscriber
from pyramid.httpexceptions import (
    HTTPBadRequest,
    HTTPInternalServerError,
    HTTPServiceUnavailable,
)
from pyramid.view import exception_view_config, view_config
from redis.exceptions import ConnectionError, TimeoutError

from ledger.tasks import LEDGER, total

LONGEST = 86_400  # seconds


@subscriber(NewRequest)
def find_redis(event):
    event.request.redis.ping()


@exception_view_config(ConnectionError)
@exception_view_config(TimeoutError)
def no_redis(error, request):
    return HTTPServiceUnavailable("The ledger is closed.")


@exception_view_config(UnicodeDecodeError)
def no_text(error, request):
    return HTTPBadRequest("This address is not written in UTF-8: /append?value=10")


@view_config(route_name="append", renderer="string")
def append_value(request):
    value = request.GET.get("value", "")
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", value):
        raise HTTPBadRequest("value must be an integer: /append?value=10")
    request.redis.rpush(LEDGER, int(value))
    return "Done."


@view_config(route_name="total", renderer="string")
def start_total(request):
    try:
        delay = float(request.GET.get("delay", "5").replace("_", "?"))
    except ValueError:
        delay = -1
    if not 0 <= delay <= LONGEST:
        limits = f"from 0 to {LONGEST}"
        raise HTTPBadRequest(f"delay must be a number of seconds, {limits}: /total?delay=5")
    return request.defer_task(total, delay).id


@view_config(route_name="result", renderer="string")
def read_total(request):
    task_id = request.GET.get("id")
    if not task_id:
        raise HTTPBadRequest("id is missing: /result?id=... with what /total answered")
    result = request.get_task_result(task_id)
    if not result.ready():
        return "Pending..."
    if not result.successful():
        raise HTTPInternalServerError("The sum could not be made: look at the log of the worker.")
    return str(result.result)
