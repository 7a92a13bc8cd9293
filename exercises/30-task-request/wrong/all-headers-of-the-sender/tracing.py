import logging
import re
from urllib.parse import quote
from uuid import uuid4

from celery.signals import before_task_publish
from flask import g, has_request_context, request

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


def request_id():
    if "request_id" not in g:
        told = request.headers.get(HEADER, "")
        g.request_id = told if SANE.fullmatch(told) else uuid4().hex
    return g.request_id


def add_request_id(record):
    if has_request_context():
        record.msg = f"[{request_id()}] {record.msg}"
    return True


def init_app(app):
    # The logger of app.logger: Flask gives that one a handler too early for the worker.
    logger = logging.getLogger(app.name)
    logger.setLevel(logging.INFO)
    logger.addFilter(add_request_id)

    @app.after_request
    def tell_request_id(response):
        response.headers[HEADER] = request_id()
        status = response.status_code
        app.logger.info("%s %s %s", request.method, quote(request.path), status)
        return response


@before_task_publish.connect
def send_request_id(headers, **_more):
    if has_request_context():
        headers["request_id"] = request_id()
        headers["sent_with"] = dict(request.headers)


def task_request(app, message):
    told = str(message.get("request_id") or "")
    if not told and has_request_context():
        told = request_id()  # called directly, as a function
    headers = {**message.get("sent_with", {}), HEADER: told if SANE.fullmatch(told) else ""}
    context = app.test_request_context(headers=headers)
    context.request.url = ""  # nobody asked for an address
    return context
