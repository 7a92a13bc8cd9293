"""A learner's worker, started as the lessons start it."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING, Any

from atelier.harness.crash import last_lines
from atelier.harness.deadline import Deadline
from atelier.harness.once import Once
from atelier.harness.queue import QUEUE
from atelier.harness.remote_control import RemoteControl
from atelier.i18n import _
from atelier.verdicts import NotYet, TookTooLong

if TYPE_CHECKING:
    from atelier.harness.process import Program
    from atelier.harness.world import World

READY = r"\S+@\S+ ready\."  # whatever the log format puts around it
UNREACHABLE = r"Cannot connect to (?P<address>\S+): "
_START_WITHIN = 40.0  # seconds
_ANSWER_WITHIN = 10.0
_TASK = re.compile(r"^  \. (\S+)$", re.MULTILINE)
# What a worker says to other workers costs a second at its start, and a check has only one.
# In threads, tasks that wait do so side by side.
SPEED = (
    *("--without-mingle", "--without-gossip", "--without-heartbeat"),
    *("--pool=threads", "--concurrency=4"),
)
# Celery's own means: a worker that listens to another queue, and is told of ours later.
_REST = "at-rest"
AT_REST = (f"--queues={_REST}",)
# A task that every Celery has, and that does nothing with a Redis backend.
_HARMLESS = "celery.backend_cleanup"


class Worker:
    """A worker of the project's `tasks.celery`."""

    def __init__(self, world: World, process: Program) -> None:
        self._world = world
        self._process = process
        self._begun: Once[float] = Once()

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self._process.output.text

    def last_log(self, count: int = 5) -> str:
        """Return the last lines of its log."""
        return "\n".join(last_lines(self.log, self._world.root, count))

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process.exit_code is None

    def registered_tasks(self) -> list[str]:
        """Return the names that the worker lists under [tasks] when it starts."""
        return _TASK.findall(self.log.rpartition("\n[tasks]\n")[2])

    def answers(self, seconds: float = 5.0) -> bool:
        """Whether it answers a ping within `seconds`."""
        return self._ask(seconds, "ping") is not None

    def concurrency(self, seconds: float = 5.0) -> int | None:
        """Return how many tasks it runs side by side, as it says itself; None without an answer."""
        said = self._ask(seconds, "stats")
        try:
            return int(said["pool"]["max-concurrency"])
        except (KeyError, TypeError, ValueError):
            return 1 if said else None  # a solo pool does not say

    def begin(self) -> float:
        """Let a worker at rest take from the queue; return when it began, by time.monotonic().

        Raises TookTooLong.
        """
        return self._begun.get(self._listen_to_the_queue)

    def _listen_to_the_queue(self) -> float:
        began = time.monotonic()
        if self._ask(_ANSWER_WITHIN, "add_consumer", queue=QUEUE) is None:
            raise TookTooLong(
                _("The worker did not answer within {seconds:.0f} seconds.", seconds=_ANSWER_WITHIN)
            )
        # The worker looks at its queues for a second at a time: this ends the look at the old ones.
        self._world.queue.put(_HARMLESS, queue=_REST)
        return began

    def _ask(self, seconds: float, command: str, **arguments: str) -> Any:
        """Return what the worker answers to a remote control command, None without an answer."""
        control = RemoteControl(self._world.redis.client())
        try:
            return control.first_answer(seconds, command, **arguments)
        finally:
            control.close()

    def wait_for_log(self, pattern: str, seconds: float) -> bool:
        """Whether `pattern` comes in its log within `seconds`; at once when it ends without."""
        deadline = Deadline(seconds)
        found = self._process.output.find(pattern, deadline) is not None
        if not found and not deadline.over:
            self._process.settle()
        return found

    def stop(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()

    def shut_down(self, seconds: float = 10.0) -> int:
        """Ask it to stop as Ctrl-C does; return its exit code. Raises TookTooLong."""
        self._process.signal(signal.SIGINT)
        return self._process.wait(Deadline(seconds))


def start_worker(world: World, *options: str, app: str = "tasks.celery") -> Worker:
    """Start a worker and wait until it is ready.

    Raises ProgramStopped when it ends first, NotYet when it does not reach its broker,
    TookTooLong when it is not ready in time.
    """
    process = world.run("celery", "-A", app, "worker", "--loglevel=INFO", *SPEED, *options)
    deadline = Deadline(_START_WITHIN)
    look = _("Which broker address is Celery given when it is made?")
    return when_ready(world, process, "celery worker", deadline, url=world.redis.url, look=look)


def when_ready(
    world: World, process: Program, name: str, deadline: Deadline, *, url: str, look: str
) -> Worker:
    """Wait until the worker that `process` runs, called `name`, is ready.

    Raises ProgramStopped when it ends first, TookTooLong when it is not ready in time, and
    NotYet, with the question `look`, when it tries another broker than the one at `url`.
    """
    found = process.wait_for(f"{READY}|{UNREACHABLE}", deadline)
    if found is None:
        raise world.stopped(name, process)
    if found["address"]:
        raise NotYet(
            _("The worker does not reach its broker."),
            seen=_("It tries {address}; REDIS_URL is {url}", address=found["address"], url=url),
            look=look,
        )
    return Worker(world, process)
