from urllib.parse import urlsplit

from flask import current_app
from redis import ConnectionError, Redis
from werkzeug.local import LocalProxy


def init_app(app):
    url = app.config.get("REDIS_URL")
    # Without an address there is no client: find_client says so to whoever needs one.
    app.extensions["redis"] = make_client(url) if url else None


def make_client(url):
    parts = urlsplit(url)
    # No connection yet: the pool opens them when they are needed, in each process its own.
    return Redis(host=parts.hostname, port=parts.port, ssl=parts.scheme == "rediss", ssl_cert_reqs="none", decode_responses=True)


def find_client():
    client = current_app.extensions["redis"]
    if client is None:
        raise ConnectionError("REDIS_URL is not set.")
    return client


redis_client = LocalProxy(find_client)
