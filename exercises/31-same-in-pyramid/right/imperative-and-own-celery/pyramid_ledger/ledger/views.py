from math import isfinite

from pyramid.response import Response


def includeme(config):
    for view in (append, total, result):
        name = view.__name__
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name)


def refuse(sentence):
    return Response(text=sentence, status=400, content_type="text/plain")


def append(request):
    try:
        number = int(request.params["value"])
    except (KeyError, ValueError):
        return refuse("There is no value, or it is no integer.")
    request.registry["redis"].lpush("numbers", str(number))
    return Response("Done.")


def total(request):
    try:
        seconds = float(request.params.get("delay", 1))
    except ValueError:
        seconds = -1.0
    if seconds < 0 or not isfinite(seconds):
        return refuse("The delay is no number of seconds.")
    return Response(request.defer_task_with_options("sum_up", args=[seconds]).id)


def result(request):
    if not request.params.get("id"):
        return refuse("There is no id, so nothing to look up.")
    found = request.get_task_result(request.params["id"])
    if found.state == "SUCCESS":
        return Response(str(found.result))
    if found.state in ("FAILURE", "REVOKED"):
        return Response("It has failed.", status=502)
    return Response("Pending...")
