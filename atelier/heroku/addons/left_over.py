"""The servers of a platform that was killed: they know nothing of it, and run on."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.family import kill_until_gone

if TYPE_CHECKING:
    import psutil

_NAMES = ("valkey-server", "redis-server", "postgres", "initdb")
_END_WITHIN = 5.0  # seconds


def end_servers_in(folder: Path) -> None:
    """End the servers that work in `folder` or below: politely at first, then at once.

    Told by their name and where they work: a Redis server writes over its environment, and
    somebody's shell may stand in the folder.
    """
    import psutil

    folder = folder.resolve()
    if not folder.exists():
        return
    found = list(_servers_in(folder))
    pids = {process.pid for process in found}
    for process in found:
        with contextlib.suppress(psutil.Error):
            if process.ppid() not in pids:
                # Both save what they hold; PostgreSQL would wait for its clients at SIGTERM.
                polite = signal.SIGINT if process.name() == "postgres" else signal.SIGTERM
                process.send_signal(polite)
    psutil.wait_procs(found, timeout=_END_WITHIN)
    kill_until_gone(lambda: _servers_in(folder))


def _servers_in(folder: Path) -> Iterator[psutil.Process]:
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.pid != os.getpid()
                and process.name().startswith(_NAMES)
                and process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cwd()).is_relative_to(folder)
            ):
                yield process
