"""The learner's queue, looked at while a tab shows it: one look for all tabs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atelier.i18n import Text, _
from atelier.project import ProjectError

# Late, because the first page waits for it: what reads a Redis.
if TYPE_CHECKING:
    from atelier.queue.address import Address
    from atelier.queue.reader import Look, QueueReader
    from atelier.queue.view import Line

_LOOK_EVERY = 0.5  # seconds
_PATIENCE = 0.25  # seconds that workers have to answer
_LINES = 24


@dataclass(frozen=True)
class _Seen:
    """What the last look saw, or why it saw nothing."""

    address: Address | None = None
    look: Look | None = None
    problem: Exception | None = None


class QueueWatch:
    """Looks at the Redis at the address that `url` returns, as long as somebody listens."""

    def __init__(self, url: Callable[[], str], tell: Callable[[], None]) -> None:
        """Call `tell` after each look; `url` is asked each time, and may raise ProjectError."""
        self._url = url
        self._tell = tell
        self._lock = threading.Condition()
        self._listeners = 0
        self._thread: threading.Thread | None = None
        self._seen = _Seen()

    @contextlib.contextmanager
    def listen(self) -> Iterator[None]:
        """Look, as long as this is open."""
        with self._lock:
            self._listeners += 1
            if self._thread is None:
                self._seen = _Seen()
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._listeners -= 1
                self._lock.notify_all()

    def lines(self) -> list[Line]:
        """Return what the last look saw, in the language that is spoken; nothing before it."""
        from atelier.queue.address import BadAddress
        from atelier.queue.trouble import trouble
        from atelier.queue.view import Kind, view

        seen = self._seen
        if seen.look is not None:
            return view(seen.look, str(seen.address), height=_LINES)
        match seen.problem:
            case None:
                return []
            case ProjectError(text=text):
                said: list[str] = [text]
            case BadAddress():
                said = [_("REDIS_URL is not the address of a Redis.")]
            case error if seen.address is None:  # the file that names it cannot be read
                said = [str(error)]
            case error:
                said = list(trouble(seen.address, error))
        return [(Kind.ITEM, _again(line)) for line in said]

    def _run(self) -> None:
        from atelier.queue.address import read_address
        from atelier.queue.reader import QueueReader

        with contextlib.ExitStack() as open_ones:
            reader: QueueReader | None = None
            known = ""
            while True:
                began = time.monotonic()
                address = None
                try:
                    url = self._url()
                    address = read_address(url)
                    if reader is None or url != known:
                        open_ones.close()
                        reader = QueueReader(address.client(), address.database)
                        known = url
                        open_ones.callback(reader.close)
                    self._seen = _Seen(address, reader.look(patience=_PATIENCE))
                except Exception as error:
                    self._seen = _Seen(address, problem=error)
                self._tell()
                took = time.monotonic() - began
                with self._lock:
                    # A slow look must not keep Redis busy: as long a pause follows it.
                    pause = max(_LOOK_EVERY - took, took)
                    if self._lock.wait_for(lambda: not self._listeners, pause):
                        self._thread = None
                        return


def _again(line: str) -> str:
    """Return a sentence in the language that is spoken: it may have been made in another."""
    return Text(line.source, line.values) if isinstance(line, Text) else line
