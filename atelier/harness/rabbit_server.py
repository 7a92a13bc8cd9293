"""A RabbitMQ of one's own: the rabbitmq-server of this machine, in a folder and on ports apart.

Nothing of it is the system's: neither its data, its log, its cookie, nor its epmd, the program
that tells the nodes of Erlang where they are. Source: https://www.rabbitmq.com/docs/configure
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.command_output import output_of
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import listens
from atelier.harness.process import Process
from atelier.i18n import _
from atelier.verdicts import OurSide, Skipped

if TYPE_CHECKING:
    from atelier.harness.world import World

PROGRAM = "rabbitmq-server"
QUEUE = "celery"  # Celery's default queue has this name with every broker
# Debian's commands on PATH change to another user and to the system's folders, then run these.
_DEBIAN = Path("/usr/lib/rabbitmq/bin")
_READY = r"Server startup complete|completed with \d+ plugins"
_START_WITHIN = 90.0  # seconds: an Erlang machine that boots, on a machine with other work
_STOP_WITHIN = 15.0
_CONTROL_WITHIN = 40.0
_LOOPBACK = "127.0.0.1"
_LOOK_EVERY = 0.05


class RabbitServer:
    """One server, which listens on 127.0.0.1 alone; user and password are `guest`."""

    def __init__(self, family: Family, folder: Path, port: int, others: tuple[int, int]) -> None:
        """Make one whose data stand in `folder`; Erlang needs two ports more, the `others`."""
        self._family = family
        self._folder = folder
        self._process: Process | None = None
        self.port = port
        self._others = others

    @property
    def url(self) -> str:
        """The address that a program finds it by, its virtual host the default one."""
        return f"amqp://guest:guest@{_LOOPBACK}:{self.port}//"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.exit_code is None

    def start(self) -> None:
        """Start, and wait until it answers. Raises Skipped where there is none, OurSide."""
        command = str(programs() / PROGRAM)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = Process(self._family, [command], cwd=self._folder, env=self.environment())
        if not self._process.wait_for(_READY, Deadline(_START_WITHIN)):
            raise OurSide(_("RabbitMQ did not start."), seen=self._process.output.text[-500:])

    def environment(self) -> dict[str, str]:
        """Return the variables that this server, and what talks to it, run with."""
        folder, (between_nodes, epmd) = self._folder, self._others
        missing = str(folder / "none")  # the system's own files are not read
        return {
            "PATH": os.pathsep.join((str(programs()), os.environ.get("PATH", os.defpath))),
            "HOME": str(folder),  # where Erlang keeps its cookie
            "LANG": "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8",
            "RABBITMQ_NODENAME": f"atelier-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": _LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(between_nodes),
            "ERL_EPMD_ADDRESS": _LOOPBACK,
            "ERL_EPMD_PORT": str(epmd),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_CONFIG_FILE": missing,
            "RABBITMQ_ADVANCED_CONFIG_FILE": missing,
            "RABBITMQ_CONF_ENV_FILE": missing,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            # One scheduler, which sleeps when it has nothing to do.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def control(self, *words: str) -> str | None:
        """Return what `rabbitmqctl` prints with these `words`, None when it does not succeed."""
        command = [str(programs() / "rabbitmqctl"), *words]
        return output_of(
            command, seconds=_CONTROL_WITHIN, folder=self._folder, environment=self.environment()
        )

    def waiting(self, queue: str = QUEUE) -> int:
        """Return how many messages wait in a queue; none where there is no such queue."""
        from amqp import Connection
        from amqp.exceptions import NotFound

        host = f"{_LOOPBACK}:{self.port}"
        with Connection(host, connect_timeout=5, read_timeout=5, write_timeout=5) as connection:
            try:
                told = connection.channel().queue_declare(queue, passive=True)
            except NotFound:
                return 0
            return int(told.message_count)

    def wait_for_messages(self, count: int, deadline: Deadline, queue: str = QUEUE) -> int:
        """Return how many messages wait as soon as there are `count`, or when the time is over."""
        while (waiting := self.waiting(queue)) < count and not deadline.over:
            time.sleep(_LOOK_EVERY)
        return waiting

    def stop(self) -> None:
        """Stop at once, as a power cut would; its port refuses connections from now on."""
        if self._process is not None:
            self._process.kill()
            # A busy machine takes its time to end the Erlang machine, which answers until then.
            deadline = Deadline(_STOP_WITHIN)
            while listens(self.port) and not deadline.over:
                time.sleep(_LOOK_EVERY)

    def shut_down(self) -> None:
        """Have it stop by its own hand."""
        if self._process is not None and self._process.exit_code is None:
            self._process.signal(signal.SIGTERM)
            self._process.settle(_STOP_WITHIN)


def programs() -> Path:
    """Return the folder of rabbitmq-server and rabbitmqctl. Raises Skipped without one."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise Skipped(_("There is no rabbitmq-server on this machine's PATH."))
    return _DEBIAN if (_DEBIAN / PROGRAM).is_file() else Path(found).parent


def rabbitmq_of(world: World) -> RabbitServer:
    """Return a RabbitMQ, not started, that ends with `world`. Raises Skipped without one."""
    programs()
    port, *others = (world.lend_port() for _number in range(3))
    return RabbitServer(world.family, world.directory / "rabbitmq", port, (others[0], others[1]))
