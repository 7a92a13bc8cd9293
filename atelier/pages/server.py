"""The pages served on this machine, to this machine.

It answers under the names of the loopback interface only, so that a page of another site that
makes its own name lead here (DNS rebinding) reads nothing. An address is looked up among those of
the site: no path of a request ever becomes a path on the disk.
"""

from __future__ import annotations

import mimetypes
import re
import socket
from urllib.parse import unquote

from flask import Flask, Response, abort, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from atelier.i18n import LANGUAGES
from atelier.pages.live.hub import Hub
from atelier.pages.live.routes import add_live
from atelier.pages.site import Site

HOST = "127.0.0.1"
LANGUAGE_COOKIE = "atelier-language"
_OUR_NAME = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_YEAR = 365 * 24 * 3600  # seconds

# What a browser may do with the pages.
# Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",  # kept, and asked for again: a lesson may have changed
}


def make_app(site: Site, hub: Hub | None = None) -> Flask:
    """Return the application that serves `site`, with what `hub` feeds when the site is live."""
    app = Flask(__name__, static_folder=None, template_folder=None)

    @app.before_request
    def only_this_machine() -> None:
        if not _OUR_NAME.fullmatch(request.headers.get("Host", "")):
            abort(403)
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"http://{request.host}":
            abort(403)

    @app.get("/")
    def door() -> Response:
        answer = redirect(f"/{_language()}/index.html")
        answer.headers["Vary"] = "Accept-Language, Cookie"
        assert isinstance(answer, Response)
        return answer

    @app.get("/<path:address>")
    def page(address: str) -> Response:
        make = site.files().get(address)
        if make is None:
            abort(404)
        answer = Response(make(), mimetype=mimetypes.guess_type(address)[0] or "text/plain")
        language = address.partition("/")[0]
        if language in LANGUAGES and answer.mimetype == "text/html":
            # Whoever comes back to the door goes on in the language that was read last.
            answer.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_YEAR, httponly=True, samesite="Strict"
            )
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    if hub is not None:
        add_live(app, hub)

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> tuple[Response | bytes, int]:
        code = error.code or 500
        if code == 404:
            return site.missing(_language()), code
        return Response(f"{code} {error.name}\n", mimetype="text/plain"), code

    @app.after_request
    def guard(answer: Response) -> Response:
        for name, value in _HEADERS.items():
            answer.headers[name] = value
        return answer

    return app


def open_server(site: Site, port: int, hub: Hub | None = None) -> BaseWSGIServer:
    """Return a server that listens on `port` of the loopback interface, 0 for any that is free.

    Raises OSError when the port cannot be had.
    """
    # Opened here: the library would print its own words, in English, and end the process.
    with socket.create_server((HOST, port)) as listener:
        return make_server(
            HOST,
            port,
            make_app(site, hub),
            threaded=True,
            request_handler=_Quiet,
            fd=listener.fileno(),
        )


class _Quiet(WSGIRequestHandler):
    """A learner has other logs to read."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""

    def version_string(self) -> str:
        """Return the name of the server, without the versions of what it is made of."""
        return "atelier"


def _language() -> str:
    """The language to begin with: the last one read here, else the browser's, else English."""
    first = unquote(request.path.strip("/").partition("/")[0])
    for name in (first, request.cookies.get(LANGUAGE_COOKIE)):
        if name in LANGUAGES:
            return str(name)
    return request.accept_languages.best_match(LANGUAGES, "en")
