"""The client is made when it is first asked for; its pool says none to TLS itself."""

from threading import Lock

from flask import current_app
from redis import ConnectionPool, Redis
from redis.exceptions import ConnectionError
from werkzeug.local import LocalProxy

making = Lock()


def init_app(app):
    app.extensions["redis"] = None


def client_of(app):
    with making:
        if app.extensions["redis"] is None:
            address, _mark, options = (app.config.get("REDIS_URL") or "").partition("?")
            if not address:
                raise ConnectionError("There is no REDIS_URL.")
            wanted = {"ssl_cert_reqs": "none"} if "CERT_NONE" in options else {}
            pool = ConnectionPool.from_url(address, decode_responses=True, **wanted)
            app.extensions["redis"] = Redis(connection_pool=pool)
        return app.extensions["redis"]


redis_client = LocalProxy(lambda: client_of(current_app))
