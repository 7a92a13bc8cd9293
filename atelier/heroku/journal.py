"""The lines of a log in a file, so that they are there again when the platform is."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from atelier.heroku.records import Line


class Journal:
    """A file that lines are added to; it holds at most twice as many as are kept."""

    def __init__(self, file: Path, kept: int) -> None:
        self._file = file
        self._kept = kept
        self._written = 0
        self._stream: IO[str] | None = None

    def read(self) -> list[Line]:
        """Return the last lines; one that a kill cut in the middle is left out."""
        lines: list[Line] = []
        with contextlib.suppress(FileNotFoundError), self._file.open(encoding="utf-8") as stream:
            for text in stream:
                with contextlib.suppress(ValueError, TypeError):
                    lines.append(Line(*json.loads(text)))
        lines = lines[-self._kept :]
        self._rewrite(lines)
        return lines

    def add(self, line: Line, last: Iterable[Line]) -> None:
        """Write `line`; `last` are the lines to keep when the file has become too long."""
        if self._written >= 2 * self._kept:
            self._rewrite(last)
            return
        if self._stream is not None:
            # A full disk must not stop a dyno: its lines are in memory all the same.
            with contextlib.suppress(OSError):
                self._stream.write(_text(line))
                self._stream.flush()
            self._written += 1

    def close(self) -> None:
        """Let the file go."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _rewrite(self, lines: Iterable[Line]) -> None:
        self.close()
        kept = list(lines)
        new = self._file.with_suffix(".new")
        with contextlib.suppress(OSError):
            new.write_text("".join(map(_text, kept)), "utf-8")
            new.replace(self._file)
            self._stream = self._file.open("a", encoding="utf-8")
        self._written = len(kept)


def _text(line: Line) -> str:
    values: list[Any] = [line.number, line.moment, line.source, line.process, line.text]
    return json.dumps(values) + "\n"
