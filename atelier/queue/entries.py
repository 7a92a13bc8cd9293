"""What one message and one stored result say, read as raw JSON and made printable.

A stranger wrote them: nothing is unpickled, and what cannot be read is shown as such. Sources:
https://docs.celeryq.dev/en/stable/internals/protocol.html for a message's headers and body;
a result is the JSON object that Celery's key-value backends store.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from atelier.printable import printable

_CALL_LENGTH = 72
_VALUE_LENGTH = 60
_NAME_LENGTH = 200
_FINAL = frozenset({"SUCCESS", "FAILURE", "REVOKED"})

# What these raise on input that is not what it should be.
_BAD_JSON = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
_BAD_LITERAL = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)

_HEADERS = re.compile(r'(?<!\\)"headers": ?(?=\{)')
_STATE_AND_RESULT = re.compile(r'\{"status": ?"(\w+)", ?"result": ?(.*)', re.DOTALL)
_DATE = re.compile(r'"date_done": ?"([^"\\]{1,64})"')


@dataclass(frozen=True)
class Entry:
    """The task in a message. `call` is its name and arguments; empty: no Celery message."""

    id: str
    call: str
    queue: str | None = None
    eta: float | None = None  # seconds since the epoch
    plain: bool = False  # its arguments are JSON and were read whole


@dataclass(frozen=True)
class Done:
    """A stored result; `when` in seconds since the epoch. An empty state: it is not JSON."""

    id: str
    state: str
    value: str
    when: float | None
    call: str = ""


def read_entry(raw: bytes, queue: str | None = None) -> Entry:
    """Return what a raw message says, or the last bytes of a long one: its headers are there.

    `raw` is an element of a queue's list, or a value of kombu's hash `unacked`.
    """
    text = raw.decode("utf-8", "replace")
    for envelope in _envelopes(text):
        try:
            headers = envelope["headers"]
            task, id = headers["task"], headers["id"]
            if not isinstance(task, str) or not isinstance(id, str):
                continue
            return Entry(
                id=id[:_NAME_LENGTH],
                call=_call(task, headers.get("argsrepr"), headers.get("kwargsrepr"), envelope),
                queue=queue,
                eta=read_time(headers.get("eta")),
                plain=envelope.get("content-type") == "application/json",
            )
        except _BAD_JSON:
            continue
    return Entry("", "", queue)


def _envelopes(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield what may be the message: all of it, or as much as its end allows."""
    try:
        whole = json.loads(text)
        yield whole[0] if isinstance(whole, list) else whole
    except _BAD_JSON:
        for place in _HEADERS.finditer(text):
            try:
                headers, _end = json.JSONDecoder().raw_decode(text, place.end())
            except _BAD_JSON:
                continue
            yield {"headers": headers}


def _call(task: str, args: object, kwargs: object, envelope: Mapping[str, Any]) -> str:
    """Return the call as Python writes it: `tasks.add(1, b=2)`."""
    if not isinstance(args, str):
        # Another client than Celery's own sent no texts for people: the values then.
        args, kwargs = _values(envelope)
    parts = (_inside(args), _keywords(kwargs))
    return printable(f"{task}({', '.join(filter(None, parts))})", _CALL_LENGTH)


def _values(envelope: Mapping[str, Any]) -> tuple[str, str]:
    try:
        body = envelope["body"]
        if envelope["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body)
        args, kwargs, *_embedded = json.loads(body)
        return repr(tuple(args)), repr(kwargs)
    except _BAD_JSON:
        return "(…)", ""


def _inside(args: str) -> str:
    inside = args[1:-1] if args[:1] + args[-1:] in ("()", "[]") else args
    return inside.removesuffix(",")


def _keywords(kwargs: object) -> str:
    if not isinstance(kwargs, str) or kwargs in ("", "{}"):
        return ""
    try:
        with warnings.catch_warnings(action="ignore"):
            values = ast.literal_eval(kwargs[:2000])
        return ", ".join(f"{name}={value!r}" for name, value in values.items())
    except (*_BAD_LITERAL, AttributeError):
        return f"**{kwargs}"


def read_started(task: object) -> tuple[Entry, float | None] | None:
    """Return a task of a worker's answer to `active`, and when it started; None if it is none."""
    try:
        assert isinstance(task, dict)
        id, name, start = task["id"], task["name"], task.get("time_start")
        call = _call(str(name), task.get("args"), task.get("kwargs"), {})
        when = float(start) if isinstance(start, int | float) else None
        return Entry(str(id)[:_NAME_LENGTH], call), when
    except (*_BAD_JSON, AssertionError, OverflowError):
        return None


def read_done(id: str, head: bytes, tail: bytes | None) -> Done | None:
    """Return the result whose first bytes are `head`; None when its task is not done yet.

    `tail` are the last bytes of a result that is longer than `head`, else None.
    """
    id = id[:_NAME_LENGTH]
    text = head.decode("utf-8", "replace")
    if tail is not None:
        begins = _STATE_AND_RESULT.match(text)
        if begins is not None:
            date = _DATE.search(tail.decode("utf-8", "replace"))
            when = read_time(date[1]) if date else None
            return Done(id, begins[1], printable(begins[2], _VALUE_LENGTH), when)
    try:
        stored = json.loads(text)
        state = stored["status"]
        if state not in _FINAL:
            return None
        call = ""
        if isinstance(stored.get("name"), str):  # with Celery's setting result_extended
            call = _call(stored["name"], repr(stored.get("args")), repr(stored.get("kwargs")), {})
        value = printable(_value(stored.get("result")), _VALUE_LENGTH)
        return Done(id, state, value, read_time(stored.get("date_done")), call)
    except _BAD_JSON:
        return Done(id, "", "", None)


def _value(result: Any) -> str:
    if isinstance(result, dict) and isinstance(result.get("exc_type"), str):
        message = result.get("exc_message")
        said = ", ".join(map(str, message)) if isinstance(message, list) else str(message)
        return f"{result['exc_type']}: {said}" if said else result["exc_type"]
    return repr(result)


def read_time(written: object) -> float | None:
    """Return an ISO 8601 time in seconds since the epoch, None when it is none."""
    try:
        time = datetime.fromisoformat(written)  # type: ignore[arg-type]
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
