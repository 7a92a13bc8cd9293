"""The process types of a project's Procfile, started as a host starts them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from atelier.harness.crash import last_lines
from atelier.harness.deadline import Deadline
from atelier.harness.ports import listens
from atelier.harness.process import Process
from atelier.harness.web import Web
from atelier.harness.worker import Worker, when_ready
from atelier.i18n import _
from atelier.verdicts import NotYet

if TYPE_CHECKING:
    from atelier.harness.world import World

_START_WITHIN = 40.0  # seconds
_RELEASE_WITHIN = 30.0
_LOOK_EVERY = 0.02
# What web servers say when they listen: gunicorn, Flask's own, uvicorn, waitress.
_LISTENS = r"(?:Listening at|Running on|running on|Serving on):?\s*\S*?://(\S+?):(\d+)"
_LOOPBACK = ("127.0.0.1", "localhost")
# How many cores a worker believes to have: a number that nobody would choose.
UNPINNED = 7
_MANY_CORES = f"import os\nos.cpu_count = lambda: {UNPINNED}\n"


def start_type(world: World, name: str, variables: Mapping[str, str] | None = None) -> Process:
    """Start the process type `name` with a shell. Raises NotYet when it has no line."""
    types = world.source.procfile()
    if name not in types:
        raise NotYet(
            _("The Procfile has no line for {name}.", name=name),
            seen=", ".join(types) or _("No line of the form name: command."),
            look=_("Is the line there, with a colon after the name? Is the file saved?"),
        )
    return world.start(["/bin/sh", "-c", types[name]], variables)


def release(world: World) -> None:
    """Run the release process to its end. Raises NotYet, ProgramStopped, TookTooLong."""
    process = start_type(world, "release")
    if process.wait(Deadline(_RELEASE_WITHIN)) != 0:
        raise world.stopped("release", process)


def start_web_type(world: World) -> Web:
    """Start the web process on a port that the world chooses, and wait until it listens.

    Raises NotYet when it listens elsewhere, ProgramStopped, TookTooLong.
    """
    port = world.lend_port()
    process = start_type(world, "web", {"PORT": str(port)})
    found = process.wait_for(_LISTENS, Deadline(_START_WITHIN))
    if found is None:
        raise world.stopped("web", process)
    own_machine_only = found[1] in _LOOPBACK and "all addresses" not in process.output.text
    if int(found[2]) != port or own_machine_only:
        raise NotYet(
            _(
                "Expected: the web process listens on every address, at the port {port}, $PORT.",
                port=port,
            ),
            seen="\n".join(last_lines(process.output.text, world.root, 4)),
            look=_("On Heroku, who chooses the port? Which server takes it from PORT by itself?"),
        )
    _wait_until_open(port, Deadline(5.0))
    return Web(world, process, port)


def _wait_until_open(port: int, deadline: Deadline) -> None:
    """Wait until the port takes connections: a server may speak before it listens."""
    while not listens(port) and not deadline.over:
        time.sleep(_LOOK_EVERY)


def start_worker_type(world: World) -> Worker:
    """Start the worker process, and wait until it is ready.

    It believes to be on a machine with UNPINNED cores. Raises NotYet, ProgramStopped,
    TookTooLong.
    """
    folder = world.home / "cores"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_MANY_CORES)
    process = start_type(world, "worker", {"PYTHONPATH": str(folder)})
    deadline = Deadline(_START_WITHIN)
    look = _("Which Celery app does the worker line name after -A?")
    return when_ready(world, process, "worker", deadline, url=world.env["REDIS_URL"], look=look)
