"""One process of a learner's program, or of the servers around it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.output import Output
from atelier.i18n import _
from atelier.verdicts import NotYet, OurSide, TookTooLong


class Program(Protocol):
    """A program that runs, on this machine's own account or on a platform's."""

    @property
    def output(self) -> Output:
        """What it prints."""

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while it runs."""

    def wait_for(self, pattern: str, deadline: Deadline) -> re.Match[str] | None:
        """Wait for `pattern` in the output; None when it ended without. Raises TookTooLong."""

    def settle(self) -> None:
        """Wait a little for the end of a program that is about to end."""

    def wait(self, deadline: Deadline) -> int:
        """Wait for the end and return the exit code. Raises TookTooLong."""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it."""

    def kill(self) -> None:
        """End it at once."""


class Process:
    """A started command: what it prints, how it ends."""

    def __init__(
        self, family: Family, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]
    ) -> None:
        self.command = command
        self.cwd = cwd
        reading, writing = os.pipe()
        try:
            self._process = family.start(command, cwd=cwd, env=env, output=writing)
        except OSError as error:
            os.close(reading)
            script = Path(command[0])
            if isinstance(error, FileNotFoundError) and script.is_file() and cwd.is_dir():
                raise _python_is_gone(script) from error
            raise OurSide(
                _("{command} could not be started.", command=Path(command[0]).name),
                seen=f"{error.strerror}: {command[0]}",
            ) from error
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self.output = Output(reading)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, None while it runs."""
        return self._process.poll()

    def wait_for(self, pattern: str, deadline: Deadline, start: int = 0) -> re.Match[str] | None:
        """Wait for `pattern` in the output; None when the process ended without it.

        Raises TookTooLong, with where a Python program stood, when the deadline passed.
        """
        match = self.output.find(pattern, deadline, start)
        if match is None and not deadline.over:
            self.settle()
        if match is None and self.exit_code is None:
            raise self.too_long(deadline)
        return match

    def settle(self, seconds: float = 1.0) -> None:
        """Wait a little for the end of a process that is about to end."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def wait(self, deadline: Deadline) -> int:
        """Wait for the end and return the exit code. Raises TookTooLong."""
        try:
            code = self._process.wait(deadline.remaining)
        except subprocess.TimeoutExpired:
            raise self.too_long(deadline) from None
        self.output.drain(Deadline(0.5))  # a child left behind may hold the other end open
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; nothing happens when it has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the process and its group at once."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def too_long(self, deadline: Deadline) -> TookTooLong:
        """Say that the deadline passed, and where the program stood if Python can tell.

        PYTHONFAULTHANDLER is set in a learner's environment: SIGABRT prints the stack.
        """
        from atelier.harness.crash import place_in_dump

        before = len(self.output.text)
        if self._process.poll() is None:
            self.signal(signal.SIGABRT)
            self.output.find(r"^  File .*\n(?!  File)", Deadline(1.0), before)
        place = place_in_dump(self.output.text[before:], self.cwd)
        return TookTooLong(
            _(
                "{command} did not answer within {seconds:.0f} seconds.",
                command=Path(self.command[0]).name,
                seconds=deadline.seconds,
            ),
            seen=place,
        )


def _python_is_gone(script: Path) -> NotYet:
    """Say that the first line of a script names an interpreter that is not there."""
    with script.open("rb") as file:
        first = file.readline(200).decode("utf-8", "replace").strip()
    return NotYet(
        _("The command {command} starts with a Python that is gone.", command=script.name),
        seen=first,
        look=_("Has the project's folder moved? Type: pipenv --rm, then pipenv install"),
    )
