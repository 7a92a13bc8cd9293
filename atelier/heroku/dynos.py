"""A dyno: a command that is kept running, restarted when it crashes, stopped when asked."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from atelier.harness.deadline import Deadline
from atelier.harness.ports import free_port, listens
from atelier.heroku.clock import now
from atelier.heroku.container import Container, StartCommand, start_in_shell
from atelier.heroku.logs import AppLog


@dataclass(frozen=True)
class Pace:
    """How long things may take, in seconds."""

    boot: float = 60.0  # for a web process to listen on its port (R10)
    grace: float = 30.0  # between SIGTERM and SIGKILL (R12)
    restart: float = 10.0  # before the second restart; doubled for each further one
    slowest_restart: float = 1200.0
    settled: float = 300.0  # after which a crash counts as the first one again


@dataclass(frozen=True)
class Ground:
    """What the dynos of one app stand on."""

    platform_id: str
    folder: Path
    log: AppLog
    pace: Pace
    start: StartCommand = start_in_shell


@dataclass(frozen=True)
class Order:
    """What a dyno is to run."""

    name: str  # web.1
    command: str
    environment: Mapping[str, str]
    source: Path
    release_id: str
    version: int

    @property
    def type(self) -> str:
        """The type of its process: `web`."""
        return self.name.split(".", maxsplit=1)[0]


class Dyno:
    """One dyno, from its start to its stop; a restart that is asked for makes another one."""

    def __init__(self, order: Order, ground: Ground, changed: Callable[[], None]) -> None:
        self.order = order
        self.id = str(uuid.uuid4())
        self.state = "starting"
        self.created_at = self.updated_at = now()
        self.port = 0
        self._ground = ground
        self._changed = changed
        self._stopping = threading.Event()
        self._asked_to_end = threading.Event()  # every process had its SIGTERM and its grace
        self._container: Container | None = None
        self._lock = threading.Lock()
        self._life = threading.Thread(target=self._live, name=order.name, daemon=True)

    def start(self) -> None:
        """Start it; how it goes stands in `state` and in the log."""
        self._life.start()

    def stop(self) -> None:
        """Stop it: SIGTERM to every process, SIGKILL to what is left after the grace."""
        with self._lock:
            first = not self._stopping.is_set()
            self._stopping.set()
            container = self._container
        try:
            if first and container is not None and container.wait(0) is None:
                self._end_politely(container)
        finally:
            self._asked_to_end.set()
        self._life.join()

    def _end_politely(self, container: Container) -> None:
        self._say("Stopping all processes with SIGTERM")
        if not container.stop(self._ground.pace.grace):
            self._say(
                "Error R12 (Exit timeout) -> At least one process failed to exit within"
                f" {self._ground.pace.grace:.0f} seconds of SIGTERM"
            )
            self._say("Stopping remaining processes with SIGKILL")
            container.kill()

    def _live(self) -> None:
        crashes = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._run_once()
            if self._stopping.is_set():
                break
            self._become("crashed")
            crashes = 1 if time.monotonic() - began > self._ground.pace.settled else crashes + 1
            if self._stopping.wait(self._delay(crashes)):
                break
            self._become("starting")
        self.state = "down"
        self._changed()

    def _delay(self, crashes: int) -> float:
        """How long to wait after that many crashes in a row: the first restart comes at once."""
        if crashes == 1:
            return 0.0
        longest = self._ground.pace.slowest_restart
        return min(self._ground.pace.restart * 2.0 ** min(crashes - 2, 30), longest)

    def _run_once(self) -> None:
        order = self.order
        ground = self._ground
        container = Container(ground.platform_id, ground.folder, order.source, ground.start)
        self.port = free_port()
        self._say(f"Starting process with command `{order.command}`")
        environment = {**order.environment, "DYNO": order.name, "PORT": str(self.port)}
        try:
            with self._lock:
                if self._stopping.is_set():
                    return
                container.start(order.command, environment, self._ground.log, order.name)
                self._container = container
            if order.type != "web" or self._boots(container):
                if not self._stopping.is_set():
                    self._become("up")
                container.wait()
            self._say(f"Process exited with status {container.wait()}")
        except OSError as error:
            self._say(f"The process could not be started: {error.strerror}")
        finally:
            if self._stopping.is_set():  # what the main process started has its grace too
                self._asked_to_end.wait()
            container.clear()

    def _boots(self, container: Container) -> bool:
        """Wait until the web process listens on its port; False when it ended or is too slow."""
        deadline = Deadline(self._ground.pace.boot)
        while container.wait(0.05) is None:
            if listens(self.port):
                return True
            if deadline.over:
                self._say(
                    "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within"
                    f" {self._ground.pace.boot:.0f} seconds of launch"
                )
                self._say("Stopping process with SIGKILL")
                container.kill()
        return False

    def _become(self, state: str) -> None:
        before, self.state, self.updated_at = self.state, state, now()
        self._say(f"State changed from {before} to {state}")
        self._changed()

    def _say(self, text: str) -> None:
        self._ground.log.write("heroku", self.order.name, text)
