import logging
import string
import uuid

from flask import current_app, g, has_request_context, request
from flask.testing import EnvironBuilder

ALLOWED = set(string.ascii_letters + string.digits + "-_.")


def is_sane(told):
    return isinstance(told, str) and 0 < len(told) <= 100 and set(told) <= ALLOWED


def choose_id():
    told = request.headers.get("X-Request-ID")
    g.trace = told if is_sane(told) else str(uuid.uuid4())


def request_id():
    if "trace" not in g:
        choose_id()
    return g.trace


def message_headers(headers):
    return {**(headers or {}), "X-Request-ID": request_id()} if has_request_context() else headers


class task_request:
    """A request of the task's own, made as the server makes one from its environment."""

    def __init__(self, app, message):
        known = (message.get("headers") or {}).get("X-Request-ID") or message.get("X-Request-ID")
        known = known or (request_id() if has_request_context() else None)
        environ = EnvironBuilder(app, path="/").get_environ()
        self.context = app.request_context(environ)
        self.context.request.url = ""
        self.known = known if is_sane(known) else str(uuid.uuid4())

    def __enter__(self):
        self.context.push()
        g.trace = self.known
        current_app.logger.info("a task begins")

    def __exit__(self, kind, error, traceback):
        self.context.pop(error)


class WithId(logging.LoggerAdapter):
    def process(self, message, kwargs):
        where = request_id() if has_request_context() else "-"
        return f"request={where} {message}", kwargs


def answer(response):
    response.headers["X-Request-ID"] = request_id()
    current_app.logger.info("%s answered with %s", request.endpoint, response.status)
    return response


def init_app(app):
    logging.getLogger(app.name).setLevel(logging.INFO)
    app.before_request(choose_id)
    app.after_request(answer)
    logger = logging.getLogger(app.name)
    for each in list(logger.filters):
        logger.removeFilter(each)
    logger.addFilter(mark)


def mark(record):
    record.msg, _more = WithId(None, {}).process(record.msg, {})
    return True
