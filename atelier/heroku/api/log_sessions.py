"""Log sessions, and the streams that they lead to."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify

from atelier.heroku.api.common import body, platform, text_of
from atelier.heroku.clock import now
from atelier.heroku.live_app import LiveApp
from atelier.heroku.logs import KEPT, Filter
from atelier.heroku.records import Line
from atelier.heroku.refusals import invalid, not_found

blueprint = Blueprint("log_sessions", __name__)
_DEFAULT_LINES = 100
_VALID = 300.0  # seconds


@dataclass(frozen=True)
class _Session:
    live: LiveApp
    lines: int
    tail: bool
    wanted: Filter
    until: float


_sessions: OrderedDict[str, _Session] = OrderedDict()
_lock = threading.Lock()


@blueprint.post("/apps/<name>/log-sessions")
def create(name: str) -> tuple[Response, int]:
    """Make a session; its address is a secret of its own."""
    live = platform().live(name)
    content = body()
    lines = content.get("lines")
    lines = _DEFAULT_LINES if lines is None else lines
    if isinstance(lines, bool) or not isinstance(lines, int) or lines < 0:
        raise invalid("lines must be a number, 0 or more.")
    process = text_of(content, "dyno") or text_of(content, "dyno_name") or text_of(content, "type")
    session = _Session(
        live,
        min(lines, KEPT),
        bool(content.get("tail")),
        Filter(text_of(content, "source"), process),
        time.monotonic() + _VALID,
    )
    token = secrets.token_urlsafe(24)
    with _lock:
        while _sessions and next(iter(_sessions.values())).until < time.monotonic():
            _sessions.popitem(last=False)
        _sessions[token] = session
    moment = now()
    return jsonify(
        created_at=moment,
        id=str(uuid.uuid4()),
        logplex_url=f"{platform().url}/log-streams/{token}",
        updated_at=moment,
    ), 201


@blueprint.get("/log-streams/<token>")
def stream(token: str) -> Response:
    """Stream a log as server-sent events, a line each."""
    with _lock:
        session = _sessions.get(token)
    if session is None or session.until < time.monotonic():
        raise not_found("This log session has ended.")
    return Response(
        _events(session),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


def _events(session: _Session) -> Iterator[str]:
    log = session.live.log
    position = log.position
    yield ":\n\n"
    for line in log.last(session.lines, session.wanted):
        if line.number <= position:
            yield _event(line)
    if session.tail:
        for new in log.follow(position, session.wanted):
            yield _event(new) if new is not None else ":\n\n"


def _event(line: Line) -> str:
    return f"id: {line.number}\ndata: {line}\n\n"
