"""A Pyramid program in a folder of the project: its web server and its worker."""

from __future__ import annotations

import configparser
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from atelier.harness.deadline import Deadline
from atelier.harness.process import Process
from atelier.harness.web import Web
from atelier.harness.worker import SPEED, Worker, when_ready
from atelier.harness.world import World
from atelier.i18n import _
from atelier.verdicts import NotYet

_START_WITHIN = 40.0  # seconds
_LOOK_EVERY = 0.02
_SERVER = "server:main"


def _start(
    world: World, folder: str, command: Sequence[str], variables: Mapping[str, str]
) -> Process:
    """Start `command` in the folder `folder` of the copy. Raises NotYet when there is none."""
    place = world.root / folder
    if not place.is_dir():
        raise NotYet(
            _("The folder {name} is not there.", name=folder),
            look=_("Is it in the project's folder, and spelt exactly like this?"),
        )
    _running = world.redis
    process = Process(world.family, command, cwd=place, env={**world.env, **variables})
    world.started.append(process)
    return process


def start_module_server(world: World, folder: str, module: str) -> Web:
    """Start `python -m MODULE` in `folder`; PORT says where it is to listen.

    Raises NotYet, ProgramStopped, TookTooLong.
    """
    port = world.lend_port()
    command = [world.interpreter.python, "-m", module]
    process = _start(world, folder, command, {"PORT": str(port)})
    return _when_it_listens(world, process, f"python -m {module}", port)


def start_pserve(world: World, folder: str, ini: str) -> Web:
    """Start `pserve INI` in `folder`, where PYTHONPATH names the folder itself.

    The copy's file is told another port. Raises NotYet, ProgramStopped, TookTooLong.
    """
    port = world.lend_port()
    _listen_on(world.root / folder / ini, port)
    command = [world.interpreter.script("pserve"), ini]
    process = _start(world, folder, command, {"PYTHONPATH": "."})
    return _when_it_listens(world, process, f"pserve {ini}", port)


def start_worker_in(world: World, folder: str, app: str, *options: str) -> Worker:
    """Start `celery -A APP worker` in `folder` and wait until it is ready.

    Raises ProgramStopped, NotYet, TookTooLong.
    """
    arguments = ("-A", app, "worker", "--loglevel=INFO", *SPEED, *options)
    process = _start(world, folder, [world.interpreter.script("celery"), *arguments], {})
    look = _("Which broker address is Celery given when it is made?")
    return when_ready(
        world,
        process,
        f"celery -A {app} worker",
        Deadline(_START_WITHIN),
        url=world.redis.url,
        look=look,
    )


def _listen_on(file: Path, port: int) -> None:
    """Change the port in the section of the server. Raises NotYet where there is none."""
    settings = configparser.RawConfigParser()
    try:
        settings.read_string(file.read_text("utf-8"))
        settings[_SERVER].pop("listen", None)
        settings[_SERVER].update({"host": "127.0.0.1", "port": str(port)})
    except (OSError, KeyError, ValueError, configparser.Error) as error:
        raise NotYet(
            _("{name} cannot be read, or has no [{section}].", name=file.name, section=_SERVER),
            seen=f"{type(error).__name__}: {error}".replace(f"{file.parent}/", ""),
            look=_("Is it in the project's folder, and spelt exactly like this?"),
        ) from error
    with file.open("w", encoding="utf-8") as output:
        settings.write(output)


def _when_it_listens(world: World, process: Process, name: str, port: int) -> Web:
    """Wait until `process` listens on `port`."""
    deadline = Deadline(_START_WITHIN)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if process.exit_code is not None:
                raise world.stopped(name, process) from None
            if deadline.over:
                raise process.too_long(deadline) from None
            time.sleep(_LOOK_EVERY)
        else:
            return Web(world, process, port)
