"""What stands in a Redis that Celery uses, read as raw JSON: never unpickled, never `get()`."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atelier.harness.deadline import Deadline
from atelier.harness.redis_server import RedisServer

QUEUE = "celery"  # Celery's default queue is a Redis list of this name
# What kombu's Redis transport keeps of the messages that a worker has not acknowledged.
_UNACKNOWLEDGED = "unacked"
_UNACKNOWLEDGED_INDEX = "unacked_index"
_RESULT = "celery-task-meta-"
_FINAL = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
_LOOK_EVERY = 0.02  # seconds; Redis answers in 0.1 ms, and its keyspace events are off


@dataclass(frozen=True)
class Message:
    """A task that waits: who shall do what with which arguments."""

    task: str
    id: str
    args: Sequence[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a worker stored about a task."""

    id: str
    state: str
    value: Any


class Queue:
    """The waiting messages and the stored results of one Redis."""

    def __init__(self, server: RedisServer) -> None:
        self._client = server.client()

    def waiting(self) -> list[Message]:
        """Return the messages that no worker has taken, the oldest first."""
        raw = self._client.lrange(QUEUE, 0, -1)
        return [message for message in map(read_message, reversed(raw)) if message]

    def wait_for_messages(self, count: int, deadline: Deadline) -> list[Message]:
        """Return the waiting messages as soon as there are `count`, or when the time is over."""
        while len(waiting := self.waiting()) < count and not deadline.over:
            time.sleep(_LOOK_EVERY)
        return waiting

    def result(self, task_id: str) -> Result | None:
        """Return what is stored about a task, None when nothing is."""
        return read_result(task_id, self._client.get(_RESULT + task_id))

    def wait_for_result(self, task_id: str, deadline: Deadline) -> Result | None:
        """Return the final result of a task; what is there when the time is over, or None."""
        while True:
            result = self.result(task_id)
            if (result and result.state in _FINAL) or deadline.over:
                return result
            time.sleep(_LOOK_EVERY)

    def stays_unacknowledged(self, seconds: float) -> bool:
        """Whether a message in a worker's hands is there, and still there after `seconds`."""
        deadline = Deadline(seconds)
        while (there := bool(self._client.hlen(_UNACKNOWLEDGED))) and not deadline.over:
            time.sleep(_LOOK_EVERY)
        return there

    def redeliver(self) -> None:
        """Put back what workers hold, as Celery does once the visibility timeout has passed."""
        held = self._client.hgetall(_UNACKNOWLEDGED)
        for tag, raw in held.items():
            message, _exchange, _routing_key = json.loads(raw)
            self._client.hdel(_UNACKNOWLEDGED, tag)
            self._client.zrem(_UNACKNOWLEDGED_INDEX, tag)
            self._client.rpush(QUEUE, json.dumps(message))

    def change(
        self, task_id: str, *, task: str | None = None, args: Sequence[Any] | None = None
    ) -> None:
        """Make a message that waits ask for another task, or with other arguments alone."""
        for place, raw in enumerate(self._client.lrange(QUEUE, 0, -1)):
            message = read_message(raw)
            if message is None or message.id != task_id:
                continue
            envelope = json.loads(raw)
            if task is not None:
                envelope["headers"]["task"] = task
            if args is not None:
                envelope["body"] = _body(args)
                envelope["properties"]["body_encoding"] = "base64"
            self._client.lset(QUEUE, place, json.dumps(envelope))

    def put(self, task: str, *args: Any, queue: str = QUEUE) -> str:
        """Put a message on a queue as Celery's message protocol 2 has it; return its id.

        Source: https://docs.celeryq.dev/en/stable/internals/protocol.html
        """
        task_id = str(uuid.uuid4())
        envelope = {
            "body": _body(args),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task, "id": task_id, "root_id": task_id},
            "properties": {
                "correlation_id": task_id,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "delivery_mode": 2,
                "delivery_tag": str(uuid.uuid4()),
                "body_encoding": "base64",
                "priority": 0,
            },
        }
        self._client.lpush(queue, json.dumps(envelope))
        return task_id


def _body(args: Sequence[Any]) -> str:
    """The body of a message that brings these arguments."""
    return base64.b64encode(json.dumps([args, {}, {}]).encode()).decode()


def read_message(raw: bytes | str) -> Message | None:
    """Return the message in a queue's raw entry, None when it is no Celery message in JSON."""
    try:
        envelope = json.loads(raw)
        headers = envelope["headers"]
        body = envelope["body"]
        if envelope["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body)
        args, kwargs, *_embedded = json.loads(body)
        return Message(str(headers["task"]), str(headers["id"]), args, kwargs)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def read_result(task_id: str, raw: Any) -> Result | None:
    """Return the result in a backend's raw entry, None when it is none in JSON."""
    try:
        stored = json.loads(raw)
        return Result(task_id, str(stored["status"]), stored.get("result"))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
