"""A value that several threads need and one of them makes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from atelier.verdicts import Skipped, Unmet

T = TypeVar("T")


class Once(Generic[T]):
    """A value that is made one time, by the first thread that asks; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._error: Unmet | Skipped | None = None

    def get(self, make: Callable[[], T]) -> T:
        """Return the value. Raises the Unmet or Skipped of its making, to everyone who asks."""
        with self._lock:
            if not self._made and self._error is None:
                try:
                    self._made.append(make())
                except (Unmet, Skipped) as error:
                    self._error = error
        if self._error is not None:
            raise self._error
        return self._made[0]
