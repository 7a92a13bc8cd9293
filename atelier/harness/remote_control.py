"""Celery's remote control, over Redis: a question to the workers, and what they answer.

A question is a PUBLISH on the channel that all workers listen to, and Redis says how many
connections got it: that number is the workers that are there. One that runs a task in its only
process (`--pool=solo`) answers when the task is done.

The message is the one of `celery inspect`. It is written here because Celery's own control
throws the count away, waits out its time when a worker is silent, and keeps its connections for
the next who asks at the same address: a server may have stopped and started there in between.
Source: kombu's pidbox, https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.pidbox.html
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    from redis import Redis

SEPARATOR = "\x06\x16"  # kombu's, between the parts of a name
BINDING = "_kombu.binding."
MAILBOX = "celery.pidbox"
_REPLIES = "reply.celery.pidbox"
_LOOK_EVERY = 0.02  # seconds: nothing tells when a worker begins to listen
_SHORTER_THAN_A_TIMEOUT = 1.0  # seconds: a client gives up on a socket that is silent for longer


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


class RemoteControl:
    """Asks the workers of one Redis database."""

    def __init__(self, client: Redis, database: int = 0) -> None:
        """Ask by `client`, which is connected to the `database` of this number."""
        self._client: Any = client  # its replies are bytes, which redis-py's types do not say
        self._channel = f"/{database}.{MAILBOX}"
        self._address = str(uuid.uuid4())
        self._queue = f"{self._address}.{_REPLIES}"
        self._binding = SEPARATOR.join((self._address, "", self._queue))
        self._asked = False

    def ask(self, patience: float, method: str, **arguments: Any) -> Question:
        """Ask them `method`, and wait `patience` seconds for all answers. Raises RedisError."""
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
                "delivery_info": {"exchange": MAILBOX, "routing_key": ""},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": ticket,
            },
        }
        # Each time: whoever empties the database takes the way back with it.
        self._client.sadd(BINDING + _REPLIES, self._binding)
        self._asked = True
        question = Question(ticket, int(self._client.publish(self._channel, json.dumps(envelope))))
        self.collect(question, patience)
        return question

    def collect(self, question: Question, patience: float) -> None:
        """Wait `patience` seconds more for those that are silent. Raises RedisError."""
        deadline = Deadline(patience)
        while question.silent:
            self._receive(question, deadline)
            if deadline.over:
                return

    def first_answer(self, seconds: float, method: str, **arguments: Any) -> Any:
        """Ask until a worker is there, and return what the first one answers.

        None when none has answered within `seconds`. Raises RedisError.
        """
        deadline = Deadline(seconds)
        while not (question := self.ask(0.0, method, **arguments)).listeners and not deadline.over:
            time.sleep(_LOOK_EVERY)
        while not question.answers and not deadline.over:
            self._receive(question, deadline)
        return question.answers[0][1] if question.answers else None

    def _receive(self, question: Question, deadline: Deadline) -> None:
        """Wait for one answer: a moment at least (Redis takes 0 for "without end")."""
        patience = min(max(deadline.remaining, 0.01), _SHORTER_THAN_A_TIMEOUT)
        reply = self._client.brpop([self._queue], patience)
        if reply is not None:
            self._read(question, reply[1])

    def _read(self, question: Question, raw: bytes) -> None:
        try:
            envelope = json.loads(raw)
            if envelope["headers"]["ticket"] != question.ticket:
                return  # to a question that was given up
            ((name, answer),) = json.loads(base64.b64decode(envelope["body"])).items()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        question.answers.append((str(name), answer))

    def close(self) -> None:
        """Take back the way for answers: those that are still to come go nowhere."""
        from redis import RedisError

        if not self._asked:
            return
        with contextlib.suppress(RedisError):
            self._client.srem(BINDING + _REPLIES, self._binding)
            self._client.delete(self._queue)
