"""Checks that can be ended at any moment, each in a process that is warm when it is needed."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from atelier.course import Course, Step

# Called with an event of the child: {"event": "finding", …}; {"event": "ended"} is the last.
Hear = Callable[[dict[str, Any]], None]
_END_WITHIN = 10.0  # seconds for a check to end what it started


class Run:
    """One process that checks once."""

    def __init__(self, course: Course, step: Step) -> None:
        """Start the process; it loads what a check of `step` needs, and waits. Raises OSError."""
        self.step = step
        self._begun = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "atelier.watch.child", str(course.root), step.slug],
            cwd=course.root,  # never in the project: its redis.py must not stand before ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the view, which ends this in good order
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still waits or checks."""
        return self._process.poll() is None

    def begin(self, asked: Mapping[str, str], hear: Hear) -> None:
        """Check what `asked` says; `hear` is called in another thread."""
        assert self._process.stdin is not None
        self._begun = True
        with contextlib.suppress(OSError):  # it died: `hear` is told that it ended
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
        threading.Thread(target=self._read, args=(hear,), daemon=True).start()

    def _read(self, hear: Hear) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    hear(json.loads(line))
        hear({"event": "ended", "code": self._process.wait()})

    def end(self) -> None:
        """Let it end all that it started; wait for that in another thread."""
        self.ask_to_end()
        threading.Thread(target=self.wait, daemon=True).start()

    def ask_to_end(self) -> None:
        """Let it end all that it started; do not wait."""
        if self.alive:
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Wait until it has ended; what does not end is killed."""
        try:
            self._process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # What is read is closed by its reader, who may not have come to the end yet.
        for pipe in (self._process.stdin, None if self._begun else self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()
