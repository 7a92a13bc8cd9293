"""A gate in the worker: tasks that are about to run a certain statement of SQL wait before it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    from atelier.harness.world import World

_LOOK_EVERY = 0.02  # seconds
_MODULE = "gate_of_the_check"

# A module of ours in the worker: who comes to the statement says so, and waits until the file
# `go` is there.
_GATE = """
import os, re, time
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine

HOME = Path({home!r})
STATEMENT = re.compile({statement!r}, re.IGNORECASE | re.DOTALL)

@event.listens_for(Engine, "before_cursor_execute")
def wait_for_go(connection, cursor, statement, parameters, context, executemany):
    if STATEMENT.match(statement):
        (HOME / f"at-gate-{{time.monotonic_ns()}}-{{os.getpid()}}").touch()
        end = time.monotonic() + {seconds}
        while not (HOME / "go").exists() and time.monotonic() < end:
            time.sleep(0.01)
"""


class Gate:
    """Holds up the tasks of a world that come to a statement of SQL, while it is closed.

    So two tasks stand side by side, one is killed on its way, or one takes as long as we choose.
    It is there in the workers that start later.
    """

    def __init__(self, world: World, statement: str, *, seconds: float) -> None:
        """Stand before what begins as the pattern `statement`; nobody waits longer than `seconds`.

        It is open.
        """
        self._home = world.home
        code = _GATE.format(home=str(world.home), statement=statement, seconds=seconds)
        (world.root / f"{_MODULE}.py").write_text(code, "utf-8")
        world.worker_options.append(f"--include={_MODULE}")
        self.open()

    def open(self) -> None:
        """Let them pass."""
        (self._home / "go").touch()

    def close(self) -> None:
        """Hold up those who come from now on."""
        for path in (self._home / "go", *self._home.glob("at-gate-*")):
            path.unlink(missing_ok=True)

    def wait_for(self, count: int, seconds: float) -> int:
        """Wait until `count` tasks stand before it; return how many do."""
        deadline = Deadline(seconds)
        while (there := len(list(self._home.glob("at-gate-*")))) < count and not deadline.over:
            time.sleep(_LOOK_EVERY)
        return there
