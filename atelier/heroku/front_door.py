"""The one port of the platform: the API, the git side and the apps behind it, told by the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from atelier.heroku.router import Router

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = "127.0.0.1"
_OURS = frozenset({"localhost", _HOST})
_APP = re.compile(r"([a-z0-9-]+)\.localhost")


class FrontDoor:
    """A WSGI program: the router for `NAME.localhost`, the API for `localhost`."""

    def __init__(self, api: WSGIApplication, router: Router) -> None:
        self._api = api
        self._router = router

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
        match = _APP.fullmatch(host)
        if match:
            return self._router.serve(match[1], environ, start_response)
        if host in _OURS:
            return self._api(environ, start_response)
        # A page of the web that has its name lead to this machine gets no further.
        start_response("421 Misdirected Request", [("Content-Length", "0")])
        return []


class _Handler(WSGIRequestHandler):
    """A request; what it says to a terminal is said by the apps' logs."""

    # Set here, or the server says HTTP/1.0: streams and kept connections need 1.1.
    protocol_version = "HTTP/1.1"
    timeout = 120

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def make_front_door(door: FrontDoor, port: int) -> BaseWSGIServer:
    """Return the server, bound to the loopback interface. Raises OSError when the port is taken."""
    import socket

    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(128)
        return make_server(
            *(_HOST, port, door),
            threaded=True,
            request_handler=_Handler,
            fd=listener.detach(),
        )
    except BaseException:
        listener.close()
        raise
