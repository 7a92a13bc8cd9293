"""A dyno as the harness sees a program: what it printed, and how it ended."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

from atelier.harness.deadline import Deadline
from atelier.harness.output import Output
from atelier.heroku.logs import Filter
from atelier.heroku.platform import Platform
from atelier.i18n import _
from atelier.verdicts import TookTooLong

_EXITED = re.compile(r"Process exited with status (\d+)")
_STATE = re.compile(r"State changed from \w+ to (\w+)")
_BEAT = 0.1  # seconds
_HEARD_WITHIN = 2.0


class DynoProgram:
    """The first dyno of a process type, until it ends: what comes after a restart is left out."""

    def __init__(self, platform: Platform, app: str, kind: str, root: Path) -> None:
        self._kind = kind
        self._log = platform.live(app).log
        # A dyno runs in a copy of its own; its author knows the paths of the project.
        self._copies = re.compile(rf"{re.escape(str(platform.places.dynos))}/\w+/app")
        self._root = str(root)
        self._state = threading.Condition()
        self._states: list[str] = []
        self._exit_code: int | None = None
        self._closed = False
        reading, self._writing = os.pipe()
        self.output = Output(reading)
        self._reader = threading.Thread(target=self._follow, daemon=True)
        self._reader.start()

    def _follow(self) -> None:
        code: int | None = None
        try:
            for line in self._log.follow(0, Filter(process=self._kind), beat=_BEAT):
                if self._closed:
                    break
                if line is None:
                    continue
                if line.source == "app":
                    text = self._copies.sub(lambda _match: self._root, line.text)
                    os.write(self._writing, f"{text}\n".encode())
                    continue
                if exited := _EXITED.search(line.text):
                    code = int(exited[1])
                if state := _STATE.search(line.text):
                    self._enter(state[1])
                # The last of what a dyno printed stands before the line of its crash; the
                # release process has no such line, and says its exit status last.
                if "crashed" in self._states or (code is not None and self._kind == "release"):
                    break
        finally:
            os.close(self._writing)
            self.output.drain(Deadline(1.0))
            with self._state:
                self._exit_code = code
                self._state.notify_all()

    def _enter(self, state: str) -> None:
        with self._state:
            self._states.append(state)
            self._state.notify_all()

    def close(self) -> None:
        """Hear no more of it."""
        self._closed = True
        self._reader.join(_HEARD_WITHIN)

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._exit_code

    def wait_for_state(self, state: str, deadline: Deadline) -> bool:
        """Wait until it is `up`, say; False when it ended. Raises TookTooLong."""
        with self._state:
            self._state.wait_for(
                lambda: state in self._states or self._exit_code is not None, deadline.remaining
            )
            if state in self._states:
                return True
            if self._exit_code is not None:
                return False
        raise self._too_long(deadline)

    def wait_for(self, pattern: str, deadline: Deadline) -> re.Match[str] | None:
        """Wait for `pattern` in the output; None when it ended without. Raises TookTooLong."""
        match = self.output.find(pattern, deadline)
        if match is None and not deadline.over:
            self.settle()
        if match is None and self._exit_code is None:
            raise self._too_long(deadline)
        return match

    def settle(self) -> None:
        """Wait for its exit code: its output ends a moment before that is known."""
        self._reader.join(_HEARD_WITHIN)

    def wait(self, deadline: Deadline) -> int:
        """Wait for the end and return the exit code. Raises TookTooLong."""
        with self._state:
            self._state.wait_for(lambda: self._exit_code is not None, deadline.remaining)
        if self._exit_code is None:
            raise self._too_long(deadline)
        return self._exit_code

    def signal(self, number: signal.Signals) -> None:
        """Say that a platform takes no signals from its users."""
        raise NotImplementedError("scale or restart a dyno instead")

    def kill(self) -> None:
        """Say that a platform takes no signals from its users."""
        raise NotImplementedError("scale or restart a dyno instead")

    def _too_long(self, deadline: Deadline) -> TookTooLong:
        return TookTooLong(
            _(
                "{command} did not answer within {seconds:.0f} seconds.",
                command=self._kind,
                seconds=deadline.seconds,
            )
        )
