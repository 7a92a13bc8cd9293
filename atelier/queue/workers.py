"""Which workers are connected to a Redis, and what they say of themselves.

How many got a question is known (atelier/harness/remote_control.py), and one that runs a task in
its only process answers when the task is done. Names of workers that were killed stay in Redis.
So a worker that is silent is there, and nothing more is claimed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from atelier.harness.remote_control import BINDING, MAILBOX, SEPARATOR, Question, RemoteControl

if TYPE_CHECKING:
    from redis import Redis

_ASK_AGAIN_AFTER = 2.0  # seconds, for workers that start meanwhile
_NAMES = 100  # at most; each worker that was killed under a new name leaves one


class WorkerState(StrEnum):
    """What is known of a worker."""

    READY = "ready"
    BUSY = "busy"
    SILENT = "silent"  # connected, and nothing says that it runs a task
    UNCERTAIN = "uncertain"  # the name of a silent worker, or of one that was killed


@dataclass(frozen=True)
class Worker:
    """A worker; no name where several connections can only have the same one."""

    name: str | None
    state: WorkerState


class RollCall:
    """Asks the workers of one Redis database."""

    def __init__(self, client: Redis, database: int) -> None:
        self._client: Any = client  # its replies are bytes, which redis-py's types do not say
        self._control = RemoteControl(client, database)
        self._last: Question | None = None

    def active(self, patience: float) -> Question:
        """Ask what they run; wait `patience` seconds for all answers. Raises RedisError.

        As long as none has answered they are not asked again at each look: a worker gets
        to see every question, one after the other, when its task is done.
        """
        last, self._last = self._last, None
        if last and not last.answers and time.monotonic() - last.asked < _ASK_AGAIN_AFTER:
            self._control.collect(last, patience)
            if last.silent and not last.answers:
                self._last = last
                return last
        # What they answered may be over by now.
        self._last = self.ask(patience, "active", safe=True)
        return self._last

    def ask(self, patience: float, method: str, **arguments: Any) -> Question:
        """Ask them `method` of Celery's remote control. Raises RedisError."""
        return self._control.ask(patience, method, **arguments)

    def workers(self, question: Question, busy: Collection[str], taken: bool) -> list[Worker]:
        """Return the workers that got `question`.

        `busy` are names of which it is known; `taken`: some task is with a worker.
        """
        counted = Counter(name for name, _answer in question.answers)
        workers = [
            Worker(name, WorkerState.BUSY if name in busy else WorkerState.READY)
            for name in sorted(counted.elements())
        ]
        if not question.silent:
            return workers
        state = WorkerState.BUSY if taken else WorkerState.SILENT
        names = sorted(self._names() - set(counted))
        if len(names) > question.silent:
            return workers + [Worker(name, WorkerState.UNCERTAIN) for name in names]
        unnamed = [None] * (question.silent - len(names))
        return workers + [Worker(name, state) for name in (*names, *unnamed)]

    def _names(self) -> set[str]:
        """The names of workers that are there, and of those that were killed."""
        from redis import ResponseError

        try:
            members = self._client.srandmember(BINDING + MAILBOX, _NAMES) or []
        except ResponseError:
            return set()  # something else has this name
        mailboxes = (member.decode("utf-8", "replace").split(SEPARATOR)[-1] for member in members)
        return {box.removesuffix(f".{MAILBOX}") for box in mailboxes}

    def close(self) -> None:
        """Take back the way for answers: those that are still to come go nowhere."""
        self._control.close()
