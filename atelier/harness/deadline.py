"""A moment by which something must have happened."""

from __future__ import annotations

import time


class Deadline:
    """A total amount of time, shared by all the waits that it is handed to."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return self.remaining == 0.0
