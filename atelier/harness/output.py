"""What a process printed, kept within bounds, and the waiting for a text in it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import TypeVar

from atelier.harness.deadline import Deadline

T = TypeVar("T")

# A program that prints without end must cost neither memory nor disk: its first and its
# last half mebibyte tell what happened.
_HEAD = _TAIL = 512 * 1024
_READ = 64 * 1024


class Output:
    """The merged output of a process, read from the file descriptor `source` by a thread."""

    def __init__(self, source: int) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: int) -> None:
        try:
            while chunk := os.read(source, _READ):
                with self._changed:
                    self._keep(chunk)
                    self._changed.notify_all()
        except OSError:
            pass  # a terminal whose other end closed reads as an error; it is the end all the same
        finally:
            os.close(source)
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _keep(self, chunk: bytes) -> None:
        room = _HEAD - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:] if room > 0 else chunk
        if len(self._tail) > 2 * _TAIL:
            self._dropped += len(self._tail) - _TAIL
            del self._tail[:-_TAIL]

    @property
    def text(self) -> str:
        """What was printed so far, decoded as UTF-8, `[...]` standing for a dropped middle."""
        with self._changed:
            return self._decoded()

    def find(self, pattern: str, deadline: Deadline, start: int = 0) -> re.Match[str] | None:
        """Wait for `pattern` at or after character `start`.

        Returns None when the output ended, or the deadline passed, without it.
        """
        expression = re.compile(pattern, re.MULTILINE)
        return self.wait_for(lambda text: expression.search(text, start), deadline)

    def wait_for(self, read: Callable[[str], T | None], deadline: Deadline) -> T | None:
        """Wait until `read` makes something of the text so far, and return that.

        Returns None when the output ended, or the deadline passed, without it.
        """
        while True:
            with self._changed:
                found = read(self._decoded())
                if found is not None or self._closed or deadline.over:
                    return found
                self._changed.wait(deadline.remaining)

    def _decoded(self) -> str:
        gap = b"\n[...]\n" if self._dropped else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", "replace")

    def drain(self, deadline: Deadline) -> None:
        """Wait until every writer closed its end, or the deadline passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, deadline.remaining)
