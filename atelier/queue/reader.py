"""One look at what stands in a Redis that Celery uses.

Waiting messages are lists named after their queue (one more per priority step), the oldest
last. Those that a worker took stand in the hash `unacked` until it acknowledges them, and
in the sorted set `unacked_index` with the time when it took them. Source: kombu's Redis
transport, https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.redis.html

No more is read than what is shown, however much and however large the rest is.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from atelier.harness.deadline import Deadline
from atelier.harness.queue import QUEUE
from atelier.harness.remote_control import BINDING, SEPARATOR, Question
from atelier.queue.entries import Done, Entry, read_done, read_entry
from atelier.queue.taken import Held, Stage, Started, Taken, read_active, read_told, stages
from atelier.queue.workers import RollCall, Worker

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

_PRIORITIES = ("", *(f"{SEPARATOR}{step}" for step in (3, 6, 9)))  # kombu's default steps
_NO_QUEUES = (b".pidbox", b"celeryev")  # what workers say to each other
_RESULT = b"celery-task-meta-"

_CLIP = 16 * 1024  # bytes read of a message, from its end
_RESULT_HEAD, _RESULT_TAIL = 8 * 1024, 4 * 1024  # bytes read of a result
_BATCH = 1000  # keys
_READ_WITHIN = 3.0  # seconds, to list the keys, and to read the results
_REMEMBERED = 5000  # calls

# Redis can cut a string, but not the elements of a list or the values of a hash.
_CLIPPED = """
local found
if ARGV[1] == 'list' then
  found = redis.call('LRANGE', KEYS[1], ARGV[3], ARGV[4])
else
  found = redis.call('HMGET', KEYS[1], unpack(ARGV, 3))
end
local clip = tonumber(ARGV[2])
for at = 1, #found do
  if found[at] and #found[at] > clip then found[at] = string.sub(found[at], -clip) end
end
return found
"""


@dataclass(frozen=True)
class Look:
    """What one look saw: the first of each kind, and how many there are in all."""

    waiting: Sequence[Entry]
    waiting_count: int
    taken: Sequence[Taken]
    taken_count: int
    done: Sequence[Done]
    done_count: int
    done_complete: bool  # False: there are more
    workers: Sequence[Worker] | None  # None: this Redis lets nobody ask
    worker_count: int
    time: float  # seconds since the epoch


class QueueReader:
    """Looks at one Redis again and again; what it has read makes the next look quicker."""

    def __init__(self, client: Redis, database: int = 0) -> None:
        self._client: Any = client  # its replies are bytes, which redis-py's types do not say
        self._clipped = client.register_script(_CLIPPED)
        self._roll = RollCall(client, database)
        self._results: dict[bytes, Done] = {}
        self._calls: dict[str, str] = {}

    def look(self, *, patience: float, rows: int = 10) -> Look:
        """Look once; give at most `rows` of each kind, wait `patience` seconds for workers.

        Raises redis.RedisError.
        """
        self._client.ping()
        queues, keys, all_keys = self._scan()
        question = self._tried(lambda: self._roll.active(patience))
        started = read_active(question)
        taken, taken_count, question = self._taken(question, started, patience, rows)
        waiting, waiting_count = self._waiting(queues, rows)
        done, done_count, all_read = self._done(keys, rows)
        workers = None
        if question is not None:
            busy = {task.worker for task in started}
            workers = self._roll.workers(question, busy, taken_count > 0)
        return Look(
            waiting=waiting,
            waiting_count=waiting_count,
            taken=taken,
            taken_count=taken_count,
            done=done,
            done_count=done_count,
            done_complete=all_keys and all_read,
            workers=workers,
            worker_count=max(question.listeners, len(question.answers)) if question else 0,
            time=time.time(),
        )

    def close(self) -> None:
        """Leave nothing of ours in Redis, and disconnect."""
        self._roll.close()
        self._client.close()

    def _scan(self) -> tuple[set[str], list[bytes], bool]:
        """Return the names of the queues, the keys of results, and whether these are all."""
        queues = {QUEUE}
        results: dict[bytes, None] = {}  # a scan may give a key twice
        deadline = Deadline(_READ_WITHIN)
        cursor = 0
        while True:
            cursor, keys = self._client.scan(cursor, count=_BATCH)
            results |= dict.fromkeys(key for key in keys if key.startswith(_RESULT))
            for key in keys:
                if key.startswith(BINDING.encode()) and not key.endswith(_NO_QUEUES):
                    queues |= self._queues_of(key)
            if cursor == 0 or deadline.over:
                return queues, list(results), cursor == 0

    def _queues_of(self, binding: bytes) -> set[str]:
        members = self._tried(lambda: self._client.srandmember(binding, 20)) or []
        names = (member.decode("utf-8", "replace").split(SEPARATOR)[-1] for member in members)
        return {name for name in names if name}

    def _waiting(self, queues: Iterable[str], rows: int) -> tuple[list[Entry], int]:
        names = sorted(queues, key=lambda name: (name != QUEUE, name))
        lists = [(name, name + step) for name in names for step in _PRIORITIES]
        pipeline = self._client.pipeline(transaction=False)
        for _name, key in lists:
            pipeline.llen(key)
        entries: list[Entry] = []
        total = 0
        for (name, key), count in zip(lists, pipeline.execute(raise_on_error=False), strict=True):
            if not isinstance(count, int):
                continue  # something else has the name of a queue
            total += count
            room = rows - len(entries)
            if count and room > 0:
                found = self._clip(key, "list", -room, -1)
                entries += [read_entry(raw or b"", name) for raw in reversed(found)]
        self._remember(entries)
        return entries, total

    def _taken(
        self,
        question: Question | None,
        started: Sequence[Started],
        patience: float,
        rows: int,
    ) -> tuple[list[Taken], int, Question | None]:
        """Return the first tasks that were taken, their number, and what was asked last."""
        held, count = self._held(rows)
        running = {task.entry.id: task.since for task in started}
        told: dict[str, str] = {}
        asked = [one.entry.id for one in held if one.entry.plain and one.entry.id not in running]
        if asked and question and question.answers and not question.silent:
            question = self._roll.ask(patience, "query_task", ids=asked)
            told = read_told(question)
        whole = count == len(held)
        stage = stages(held, running, told, question, time.time(), whole=whole)
        left = [one for one in held if stage[one.tag] is Stage.LEFT]
        over = {one.tag for one in left if not self._client.hexists("unacked", one.tag)}
        held = [one for one in held if one.tag not in over]
        # A worker with processes acknowledges a task as it starts it.
        ids = {one.entry.id for one in held}
        tasks = [
            Taken(task.entry, Stage.RUNNING, task.since)
            for task in started
            if task.entry.id not in ids
        ]
        count += len(tasks) - len(over)
        tasks += [
            Taken(one.entry, stage[one.tag], running.get(one.entry.id) or one.since) for one in held
        ]
        self._remember(task.entry for task in tasks)
        return tasks[:rows], count, question

    def _held(self, rows: int) -> tuple[list[Held], int]:
        times = self._tried(
            lambda: self._client.zrange("unacked_index", 0, rows - 1, withscores=True)
        )
        count = self._tried(lambda: self._client.hlen("unacked")) or 0
        if not times or not count:
            return [], count
        found = self._clip("unacked", "hash", *(tag for tag, _since in times))
        held = [
            Held(tag, read_entry(raw), since)
            for (tag, since), raw in zip(times, found, strict=False)
            if raw is not None
        ]
        return held, count

    def _done(self, keys: Sequence[bytes], rows: int) -> tuple[list[Done], int, bool]:
        """Return the latest results, the number of those that were read, whether these are all."""
        read = {key: self._results[key] for key in keys if key in self._results}
        unread = [key for key in keys if key not in read]
        deadline = Deadline(_READ_WITHIN)
        while unread:
            read |= self._read_results(unread[:_BATCH])
            del unread[:_BATCH]
            if deadline.over:
                break  # the next look goes on from here
        latest = heapq.nlargest(rows, read.items(), key=_moment)
        # What is shown is read anew at the next look: a task can be done a second time.
        shown = {key for key, _done in latest}
        self._results = {key: done for key, done in read.items() if key not in shown}
        done = [replace(done, call=done.call or self._calls.get(done.id, "")) for _, done in latest]
        return done, len(read), not unread

    def _read_results(self, keys: Sequence[bytes]) -> dict[bytes, Done]:
        heads = self._pipelined((key, 0, _RESULT_HEAD - 1) for key in keys)
        long = [key for key, head in heads.items() if len(head) == _RESULT_HEAD]
        tails = self._pipelined((key, -_RESULT_TAIL, -1) for key in long)
        read = {
            key: read_done(
                key.removeprefix(_RESULT).decode("utf-8", "replace"), head, tails.get(key)
            )
            for key, head in heads.items()
        }
        return {key: done for key, done in read.items() if done is not None}

    def _pipelined(self, ranges: Iterable[tuple[bytes, int, int]]) -> dict[bytes, bytes]:
        """Return a range of each string; nothing for a key that is none, or none any more."""
        wanted = list(ranges)
        pipeline = self._client.pipeline(transaction=False)
        for key, start, end in wanted:
            pipeline.getrange(key, start, end)
        found = pipeline.execute(raise_on_error=False) if wanted else []
        return {
            key: value
            for (key, _start, _end), value in zip(wanted, found, strict=True)
            if isinstance(value, bytes) and value
        }

    def _clip(self, key: str, kind: str, *what: Any) -> list[bytes | None]:
        found = self._tried(lambda: self._clipped(keys=[key], args=[kind, _CLIP, *what]))
        return found if isinstance(found, list) else []

    def _tried(self, read: Callable[[], T]) -> T | None:
        """Return None where Redis refuses a command: a key of another type, a missing right."""
        from redis import ResponseError

        try:
            return read()
        except ResponseError:
            return None

    def _remember(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.id and entry.call:
                self._calls.pop(entry.id, None)
                self._calls[entry.id] = entry.call
        while len(self._calls) > _REMEMBERED:
            del self._calls[next(iter(self._calls))]


def _moment(item: tuple[bytes, Done]) -> tuple[float, bytes]:
    """What results are ordered by; of one moment, always the same way."""
    key, done = item
    return (-math.inf if done.when is None else done.when), key
