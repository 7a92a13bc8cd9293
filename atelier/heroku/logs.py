"""The log of an app: the last 1,500 lines, as Heroku writes them, and their followers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atelier.heroku.clock import log_moment
from atelier.heroku.journal import Journal
from atelier.heroku.records import Line

KEPT = 1500
_LONGEST = 10_000  # bytes; a longer line is cut, as Heroku's log does


@dataclass(frozen=True)
class Filter:
    """Which lines are asked for; None lets all pass."""

    source: str | None = None
    process: str | None = None  # `web.1`, or the type `web`

    def passes(self, line: Line) -> bool:
        """Whether `line` is asked for."""
        if self.source is not None and line.source != self.source:
            return False
        return self.process is None or self.process in (line.process, line.process.split(".")[0])


class AppLog:
    """The log of one app. Any thread may write or read."""

    def __init__(self, file: Path | None = None) -> None:
        self._journal = Journal(file, KEPT) if file else None
        self._lines: deque[Line] = deque(self._journal.read() if self._journal else (), KEPT)
        self._changed = threading.Condition()
        self._last = self._lines[-1].number if self._lines else 0
        self._closed = False

    def write(self, source: str, process: str, text: str) -> None:
        """Add a line; what is in `text` beyond a first line makes lines of its own."""
        with self._changed:
            for part in text.splitlines() or [""]:
                cut = part.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
                self._last += 1
                # What a terminal would obey is shown instead: a log is read, not run.
                shown = cut.replace("\0", "\\0")
                line = Line(self._last, log_moment(), source, process, shown)
                self._lines.append(line)
                if self._journal and not self._closed:
                    self._journal.add(line, self._lines)
            self._changed.notify_all()

    def last(self, count: int, wanted: Filter) -> list[Line]:
        """Return the last `count` lines that are asked for."""
        with self._changed:
            lines = [line for line in self._lines if wanted.passes(line)]
        return lines[-count:] if count > 0 else []

    def follow(self, after: int, wanted: Filter, beat: float = 10.0) -> Iterator[Line | None]:
        """Yield the lines that come after number `after`, and None when none came for a while.

        Ends when the log is closed: its app was destroyed, or the platform stops.
        """
        while True:
            with self._changed:
                if self._last <= after and not self._closed:
                    self._changed.wait(beat)
                lines = [line for line in self._lines if line.number > after]
                after = self._last
                if self._closed and not lines:
                    return
            passing = [line for line in lines if wanted.passes(line)]
            yield from passing
            if not passing:
                yield None

    @property
    def position(self) -> int:
        """The number of the last line."""
        with self._changed:
            return self._last

    def close(self) -> None:
        """End what follows this log."""
        with self._changed:
            self._closed = True
            if self._journal:
                self._journal.close()
            self._changed.notify_all()
