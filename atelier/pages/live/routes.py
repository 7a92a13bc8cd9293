"""The addresses of the live part: a stream for each tab, and what its buttons ask for.

A page of another origin can read nothing of it and change nothing with it: server.py refuses its
requests by `Origin` and `Host`, and each change needs a token, which only the stream tells.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from flask import Flask, Response, abort, request

from atelier.course import Step, UnknownStep
from atelier.i18n import LANGUAGES, speaking
from atelier.pages.live.actions import ACTIONS, act
from atelier.pages.live.hub import Hub

TOKEN_HEADER = "X-Atelier-Token"
_RETRY = b"retry: 1000\n\n"  # milliseconds until a browser asks again, when the server was stopped


def add_live(app: Flask, hub: Hub) -> None:
    """Let `app` answer for the live part that `hub` feeds."""
    token = secrets.token_urlsafe(32)

    @app.get("/live/<name>")
    def stream(name: str) -> Response:
        events = _events(hub, _step(hub, name), _language(), token, queue="queue" in request.args)
        return Response(events, mimetype="text/event-stream")

    @app.post("/live/<name>/<action>")
    def ask(name: str, action: str) -> Response:
        given = request.headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            abort(403)
        if action not in ACTIONS:
            abort(404)
        step = _step(hub, name)
        with speaking(_language()):
            content = act(hub, step, action, anyway="anyway" in request.args)
        return Response(json.dumps(content), mimetype="application/json")


def _step(hub: Hub, name: str) -> Step:
    # Such a request needs no Origin when it pretends to be for a picture.
    # Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    try:
        return hub.learner.course.step(name)
    except UnknownStep:
        abort(404)


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else "en"


def _events(hub: Hub, step: Step, language: str, token: str, *, queue: bool) -> Iterator[bytes]:
    """Yield server-sent events as long as the tab listens: all that it shows, when it changes.

    With `queue`, that is the learner's Redis as well.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    """
    # Late, because the first page waits for it.
    from atelier.pages.live.view import snapshot

    with hub.tab(step), hub.queue.listen() if queue else nullcontext():
        yield _RETRY
        told: dict[str, Any] = {}
        while not hub.closed:
            hub.attend()
            version = hub.version
            with speaking(language):
                content = {"token": token, **snapshot(hub, step)}
                if queue:
                    content["queue"] = [[kind.value, line] for kind, line in hub.queue.lines()]
            if content != told:
                told = content
                yield f"data: {json.dumps(content)}\n\n".encode()
            else:
                yield b":\n\n"  # where nobody listens any more, writing says so
            hub.wait(version, hub.beat)
