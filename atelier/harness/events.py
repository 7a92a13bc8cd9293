"""A stream of server-sent events, read as a browser reads it, and left as a browser leaves it.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier.harness.deadline import Deadline
from atelier.harness.web import Web
from atelier.i18n import _
from atelier.verdicts import ProgramStopped, TookTooLong

_OPENS_WITHIN = 15.0  # seconds
_LONGEST_LINE = 64 * 1024
_MOST_LINES = 20_000
_LOOK_EVERY = 0.02


@dataclass(frozen=True)
class Event:
    """What came between two blank lines, and when, by time.monotonic()."""

    id: str | None
    name: str
    data: str
    at: float

    def json(self) -> Any:
        """Return the data read as JSON, None when it is not JSON."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            return None


class EventStream:
    """An answer that is read while it comes. A context manager: it is left at the end."""

    def __init__(self, web: Web, path: str, headers: Mapping[str, str] | None = None) -> None:
        """Ask for `path`; the status and the headers are there when this returns.

        Raises TookTooLong, ProgramStopped.
        """
        self.events: list[Event] = []
        self.comments = 0  # lines that say nothing, and keep a connection alive
        self._over = threading.Event()
        self._connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=_OPENS_WITHIN)
        try:
            self._connection.request(
                "GET", path, headers={"Accept": "text/event-stream", **(headers or {})}
            )
            self._socket = self._connection.sock  # an answer that closes takes it away
            self._response = self._connection.getresponse()
        except TimeoutError:
            self._connection.close()
            raise TookTooLong(
                _("GET {path} did not begin to answer.", path=path),
                look=_("Is it sent while it is made? Which other request keeps the server busy?"),
            ) from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ProgramStopped(
                _("{method} {path} got no answer.", method="GET", path=path),
                seen=f"{type(error).__name__}: {error}",
            ) from None
        self.status = self._response.status
        self.headers = {name.lower(): value for name, value in self._response.getheaders()}
        self._socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for _number in range(_MOST_LINES):
                raw = self._response.readline(_LONGEST_LINE)
                if not raw:
                    break
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if not line:
                    self._dispatch(fields)
                    fields = {}
                elif line.startswith(":"):
                    self.comments += 1
                else:
                    name, _colon, value = line.partition(":")
                    value = value.removeprefix(" ")
                    known = fields.get(name)
                    fields[name] = value if known is None or name != "data" else f"{known}\n{value}"
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # left, or cut
        finally:
            self._over.set()

    def _dispatch(self, fields: Mapping[str, str]) -> None:
        if "data" in fields:
            name = fields.get("event") or "message"
            self.events.append(Event(fields.get("id"), name, fields["data"], time.monotonic()))

    @property
    def over(self) -> bool:
        """Whether the server has ended it."""
        return self._over.is_set()

    def wait_for_events(self, count: int, seconds: float) -> list[Event]:
        """Return the events as soon as there are `count`, it has ended, or the time is over."""
        deadline = Deadline(seconds)
        while len(self.events) < count and not self.over and not deadline.over:
            time.sleep(_LOOK_EVERY)
        return list(self.events)

    def wait_for_end(self, seconds: float) -> bool:
        """Whether the server ends it within `seconds`."""
        return self._over.wait(seconds)

    def leave(self) -> None:
        """Go away, as a browser whose page is closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._over.wait(1.0)
        self._response.close()
        self._connection.close()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()
