"""One client of Redis, for the views and for the tasks."""

from flask import current_app
from redis import Redis
from werkzeug.local import LocalProxy

redis_client = LocalProxy(lambda: current_app.extensions["redis"])


def init_app(app):
    url = app.config.get("REDIS_URL")
    if url:
        # Nothing connects here: the first command does.
        app.extensions["redis"] = Redis.from_url(url, decode_responses=True)
