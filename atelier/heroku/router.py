"""The router: what comes for NAME.localhost goes to a web dyno of the app NAME."""

from __future__ import annotations

import http.client
import time
import uuid
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from atelier.heroku.dynos import Dyno
from atelier.heroku.error_page import error_page
from atelier.heroku.live_app import LiveApp
from atelier.heroku.platform import Platform
from atelier.heroku.refusals import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_FIRST_BYTE = 30.0  # seconds (H12)
_BOOT = 75.0  # seconds that a request waits for a dyno that is starting (H20)
_CHUNK = 64 * 1024
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_NAMES = {
    "H10": "App crashed",
    "H12": "Request timeout",
    "H13": "Connection closed without response",
    "H14": "No web processes running",
    "H20": "App boot timeout",
}


class Router:
    """A WSGI program that passes requests on."""

    def __init__(self, platform: Platform, first_byte: float = _FIRST_BYTE) -> None:
        self._platform = platform
        self._first_byte = first_byte

    def serve(
        self, name: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer a request for the app `name`."""
        try:
            live = self._platform.live(name)
        except Refusal:
            return _page(start_response, 404, "No such app", "There is no app of this name here.")
        passage = _Passage(live, environ)
        dyno = live.formation.web(_BOOT)
        if dyno is None:
            state = live.formation.web_state
            code = {"crashed": "H10", "none": "H14"}.get(state, "H20")
            return passage.refuse(code, start_response)
        return passage.through(dyno, start_response, self._first_byte)


class _Passage:
    """One request on its way."""

    def __init__(self, live: LiveApp, environ: WSGIEnvironment) -> None:
        self.live = live
        self.environ = environ
        self.id = str(uuid.uuid4())
        self.began = time.monotonic()
        self.dyno = ""
        self.connected = 0.0

    def through(
        self, dyno: Dyno, start_response: StartResponse, first_byte: float
    ) -> Iterable[bytes]:
        """Hand the request to `dyno`, and its answer back."""
        self.dyno = dyno.order.name
        connection = http.client.HTTPConnection("127.0.0.1", dyno.port, timeout=first_byte)
        try:
            connection.connect()
        except OSError:
            state = self.live.formation.web_state
            return self.refuse("H14" if state == "none" else "H10", start_response)
        self.connected = time.monotonic() - self.began
        try:
            self._send(connection)
            answer = connection.getresponse()
        except TimeoutError:
            connection.close()
            return self.refuse("H12", start_response)
        except (OSError, http.client.HTTPException):
            connection.close()
            return self.refuse("H13", start_response)
        headers = [
            (name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP
        ]
        start_response(f"{answer.status} {answer.reason}", [*headers, ("Via", "1.1 local-heroku")])
        return self._body(connection, answer)

    def _send(self, connection: http.client.HTTPConnection) -> None:
        environ = self.environ
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/"
        connection.putrequest(
            environ["REQUEST_METHOD"], target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in _request_headers(environ):
            connection.putheader(name, value)
        client = environ.get("REMOTE_ADDR", "")
        before = environ.get("HTTP_X_FORWARDED_FOR")
        connection.putheader("X-Forwarded-For", f"{before}, {client}" if before else client)
        connection.putheader("X-Forwarded-Proto", "http")
        connection.putheader("X-Forwarded-Port", environ.get("SERVER_PORT", ""))
        connection.putheader("X-Request-Id", self.id)
        connection.putheader("X-Request-Start", str(int(time.time() * 1000)))
        connection.putheader("Connection", "close")
        chunked = bool(environ.get("wsgi.input_terminated")) and not environ.get("CONTENT_LENGTH")
        if chunked and environ.get("HTTP_TRANSFER_ENCODING"):
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            while chunk := environ["wsgi.input"].read(_CHUNK):
                connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            connection.send(b"0\r\n\r\n")
            return
        connection.endheaders()
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left > 0 and (chunk := environ["wsgi.input"].read(min(left, _CHUNK))):
            connection.send(chunk)
            left -= len(chunk)

    def _body(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> Iterator[bytes]:
        sent = 0
        try:
            while chunk := answer.read1(_CHUNK):
                sent += len(chunk)
                yield chunk
        finally:
            connection.close()
            self._log("at=info", f"status={answer.status} bytes={sent}")

    def refuse(self, code: str, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the page of an error, and log it."""
        self._log(f'at=error code={code} desc="{_NAMES[code]}"', "status=503 bytes=")
        left = int(self.environ.get("CONTENT_LENGTH") or 0)
        while left > 0 and (chunk := self.environ["wsgi.input"].read(min(left, _CHUNK))):
            left -= len(chunk)
        return _page(start_response, 503, "Application error", f"{_NAMES[code]} ({code}).")

    def _log(self, begin: str, end: str) -> None:
        environ = self.environ
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/"
        connect = f"{self.connected * 1000:.0f}ms" if self.connected else ""
        service = f"{(time.monotonic() - self.began - self.connected) * 1000:.0f}ms"
        self.live.log.write(
            "heroku",
            "router",
            f'{begin} method={environ["REQUEST_METHOD"]} path="{_quoted(target)}"'
            f" host={_quoted(environ.get('HTTP_HOST', ''))} request_id={self.id}"
            f' fwd="{environ.get("REMOTE_ADDR", "")}" dyno={self.dyno} connect={connect}'
            f" service={service} {end} protocol=http",
        )


def _request_headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    """Yield the headers that the client sent, but for those of this one connection."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            header = name[5:].replace("_", "-").title()
            if header.lower() not in _HOP_BY_HOP and not header.startswith("X-Forwarded-"):
                yield header, value
    for name, header in (("CONTENT_TYPE", "Content-Type"), ("CONTENT_LENGTH", "Content-Length")):
        if environ.get(name):
            yield header, environ[name]


def _quoted(text: str) -> str:
    """Return what a client sent as it may stand in one line of a log."""
    return "".join(c if c.isprintable() and c != '"' else "?" for c in text)[:2000]


def _page(start_response: StartResponse, status: int, title: str, sentence: str) -> Iterable[bytes]:
    body = error_page(title, sentence)
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))],
    )
    return [body]
