"""Which workers are connected to a Redis, and what they say of themselves.

A question to the workers is a PUBLISH on the channel that they all listen to, and Redis says
how many connections got it: that number is the workers that are there. One that runs a task
in its only process (`--pool=solo`) answers when the task is done. Names of workers that were
killed stay in Redis. So a worker that is silent is there, and nothing more is claimed.

The message is the one of `celery inspect`. It is written here because Celery's own control
throws the count away, and waits out its time when a worker is silent. Source: kombu's pidbox,
https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.pidbox.html
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    from redis import Redis

SEPARATOR = "\x06\x16"  # kombu's, between the parts of a name
BINDING = "_kombu.binding."
_MAILBOX = "celery.pidbox"
_REPLIES = "reply.celery.pidbox"
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


@dataclass
class Question:
    """What the workers were asked: `listeners` got it, `answers` are (name, answer)."""

    ticket: str
    listeners: int
    asked: float = field(default_factory=time.monotonic)
    answers: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def silent(self) -> int:
        """How many have not answered."""
        return max(0, self.listeners - len(self.answers))


class RollCall:
    """Asks the workers of one Redis database."""

    def __init__(self, client: Redis, database: int) -> None:
        self._client: Any = client  # its replies are bytes, which redis-py's types do not say
        self._channel = f"/{database}.{_MAILBOX}"
        self._address = str(uuid.uuid4())
        self._queue = f"{self._address}.{_REPLIES}"
        self._binding = SEPARATOR.join((self._address, "", self._queue))
        self._last: Question | None = None
        self._asked = False

    def active(self, patience: float) -> Question:
        """Ask what they run; wait `patience` seconds for all answers. Raises RedisError.

        As long as none has answered they are not asked again at each look: a worker gets
        to see every question, one after the other, when its task is done.
        """
        last, self._last = self._last, None
        if last and not last.answers and time.monotonic() - last.asked < _ASK_AGAIN_AFTER:
            self._collect(last, patience)
            if last.silent and not last.answers:
                self._last = last
                return last
        # What they answered may be over by now.
        self._last = self.ask(patience, "active", safe=True)
        return self._last

    def ask(self, patience: float, method: str, **arguments: Any) -> Question:
        """Ask them `method` of Celery's remote control. Raises RedisError."""
        ticket = str(uuid.uuid4())
        call = {
            "method": method,
            "arguments": arguments,
            "destination": None,
            "pattern": None,
            "matcher": None,
            "ticket": ticket,
            "reply_to": {"exchange": _REPLIES, "routing_key": self._address},
        }
        envelope = {
            "body": base64.b64encode(json.dumps(call).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"clock": 1, "expires": 0},
            "properties": {
                "delivery_mode": 1,
                "delivery_info": {"exchange": _MAILBOX, "routing_key": ""},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": ticket,
            },
        }
        # Each time: whoever empties the database takes the way back with it.
        self._client.sadd(BINDING + _REPLIES, self._binding)
        self._asked = True
        question = Question(ticket, int(self._client.publish(self._channel, json.dumps(envelope))))
        self._collect(question, patience)
        return question

    def _collect(self, question: Question, patience: float) -> None:
        deadline = Deadline(patience)
        while question.silent:
            # Redis would take 0 for "without end".
            reply = self._client.brpop([self._queue], max(deadline.remaining, 0.01))
            if reply is not None:
                self._read(question, reply[1])
            if deadline.over:
                return

    def _read(self, question: Question, raw: bytes) -> None:
        try:
            envelope = json.loads(raw)
            if envelope["headers"]["ticket"] != question.ticket:
                return  # to a question that was given up
            ((name, answer),) = json.loads(base64.b64decode(envelope["body"])).items()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        question.answers.append((str(name), answer))

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
            members = self._client.srandmember(BINDING + _MAILBOX, _NAMES) or []
        except ResponseError:
            return set()  # something else has this name
        mailboxes = (member.decode("utf-8", "replace").split(SEPARATOR)[-1] for member in members)
        return {box.removesuffix(f".{_MAILBOX}") for box in mailboxes}

    def close(self) -> None:
        """Take back the way for answers: those that are still to come go nowhere."""
        from redis import RedisError

        if not self._asked:
            return
        with contextlib.suppress(RedisError):
            self._client.srem(BINDING + _REPLIES, self._binding)
            self._client.delete(self._queue)
