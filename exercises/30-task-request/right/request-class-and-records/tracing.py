import logging
import re
import secrets
from contextlib import contextmanager

from celery import signals
from flask import Request, has_request_context, request
from werkzeug.test import create_environ

MESSAGE_HEADER = "shop_request"
plain_record = logging.getLogRecordFactory()


def record_with_id(*args, **kwargs):
    record = plain_record(*args, **kwargs)
    if has_request_context() and not record.name.startswith(("celery", "kombu", "sqlalchemy")):
        record.msg = f"{record.msg} request_id={request_id()}"
    return record


def request_id():
    environ = request.environ
    if "shop.id" not in environ:
        told = environ.get("HTTP_X_REQUEST_ID", "")
        new = re.search(r"[^\w-]", told, re.ASCII) or not 1 <= len(told) < 200
        environ["shop.id"] = secrets.token_urlsafe(16) if new else told
    return environ["shop.id"]


class NoAddress(Request):
    url = ""
    args = {}


@contextmanager
def task_request(app, message):
    known = getattr(message, MESSAGE_HEADER, None)
    environ = create_environ()
    if known:
        environ["HTTP_X_REQUEST_ID"] = known
    elif has_request_context():
        environ["shop.id"] = request_id()
    with app.request_context(environ) as context:
        context.request.__class__ = NoAddress
        yield


@signals.before_task_publish.connect(weak=False)
def hand_on(sender=None, headers=None, **rest):
    if has_request_context():
        headers.update({MESSAGE_HEADER: request_id()})


def init_app(app):
    logging.setLogRecordFactory(record_with_id)

    def answered(response):
        app.logger.warning("%s %s", request.method, response.status_code)
        response.headers.set("X-Request-ID", request_id())
        return response

    app.after_request_funcs.setdefault(None, []).append(answered)
