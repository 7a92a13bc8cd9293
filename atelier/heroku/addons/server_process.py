"""A server of an add-on as a process: started, answering, ended politely."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import free_port
from atelier.harness.process import Process
from atelier.verdicts import OurSide, TookTooLong

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # nothing of the user's own
_START_WITHIN = 30.0  # seconds: after a kill, the data are read again first
_STOP_WITHIN = 10.0
_TRIES = 3
_TAKEN = "Address already in use"


class ServerProcess:
    """A running command, and all that it starts."""

    def __init__(self, command: Sequence[str], folder: Path, port: int = 0) -> None:
        self.port = port
        self._family = Family()
        self._process = Process(self._family, command, cwd=folder, env=ENVIRONMENT)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.exit_code is None

    @property
    def printed(self) -> str:
        """The end of what it printed."""
        return self._process.output.text[-800:]

    def answers(self, ready: str) -> bool:
        """Wait until it prints `ready`; False when it ended or took too long."""
        try:
            return self._process.wait_for(ready, Deadline(_START_WITHIN)) is not None
        except TookTooLong:
            return False

    def succeeds(self) -> bool:
        """Wait for its end; False when that was an error or took too long."""
        try:
            return self._process.wait(Deadline(_START_WITHIN)) == 0
        except TookTooLong:
            return False
        finally:
            self._family.end()

    def stop(self, number: signal.Signals) -> None:
        """Ask it to end, wait for it and its children, and kill what is left."""
        if self.running:
            self._process.signal(number)
            self._process.output.drain(Deadline(_STOP_WITHIN))
        self._family.end()


def start_server(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    *,
    ready: str,
    refusal: str,
    port: int = 0,
) -> ServerProcess:
    """Start a server on `port` where that is free, else on another one, and wait until it is up.

    `command` makes its command line from a port, `ready` is what it prints then, `refusal`
    the sentence of the OurSide that is raised when it does not start.
    """
    for choice in (port, *[0] * _TRIES):
        number = choice or free_port()
        server = ServerProcess(command(number), folder, number)
        if server.answers(ready):
            return server
        printed = server.printed
        server.stop(signal.SIGTERM)
        if _TAKEN not in printed:
            break
    raise OurSide(refusal, seen=printed)
