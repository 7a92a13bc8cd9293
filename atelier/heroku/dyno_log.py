"""What a dyno prints becomes lines of its app's log, at a bearable rate."""

from __future__ import annotations

import os
import time

from atelier.heroku.logs import AppLog

_LONGEST = 10_000  # bytes of a line that does not end
_LINES_A_SECOND = 1000
_READ = 64 * 1024


def copy_to_log(source: int, log: AppLog, process: str) -> None:
    """Read the descriptor `source` to its end and close it.

    Beyond a thousand lines a second they are dropped and counted (L10), and read more slowly:
    a program that prints without end must not keep the platform from answering.
    """
    rate = _Rate()
    rest = b""
    try:
        while chunk := os.read(source, _READ):
            *lines, rest = (rest + chunk).split(b"\n")
            while len(rest) > _LONGEST:
                lines.append(rest[:_LONGEST])
                rest = rest[_LONGEST:]
            for line in lines:
                dropped = rate.dropped_before()
                if dropped:
                    log.write("heroku", "logplex", _overflow(dropped))
                if rate.allows():
                    log.write("app", process, _text(line))
            if rate.over:
                time.sleep(0.02)
    except OSError:
        pass  # the other end is gone
    finally:
        os.close(source)
        if rest:
            log.write("app", process, _text(rest))
        if rate.dropped:
            log.write("heroku", "logplex", _overflow(rate.dropped))


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def _overflow(count: int) -> str:
    return f"Error L10 (output buffer overflow): {count} messages dropped."


class _Rate:
    """How many lines this second had, and how many of them were dropped."""

    def __init__(self) -> None:
        self.second = 0
        self.lines = 0
        self.dropped = 0

    def dropped_before(self) -> int:
        """Return how many lines the second before dropped, once, when a new one begins."""
        second = int(time.monotonic())
        if second == self.second:
            return 0
        dropped, self.dropped, self.lines, self.second = self.dropped, 0, 0, second
        return dropped

    def allows(self) -> bool:
        """Whether one line more may be written."""
        self.lines += 1
        if self.over:
            self.dropped += 1
        return not self.over

    @property
    def over(self) -> bool:
        """Whether this second had its lines."""
        return self.lines > _LINES_A_SECOND
