"""What is expected of a ledger over HTTP, whichever framework it is written with."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from atelier.checks.criterion import expect
from atelier.checks.expectations import expect_status
from atelier.checks.worlds import Worlds
from atelier.harness.deadline import Deadline
from atelier.harness.monitor import Asked, Monitor
from atelier.harness.queue import QUEUE, Message, Result
from atelier.harness.web import Response, Web
from atelier.harness.worker import AT_REST, Worker
from atelier.harness.world import World
from atelier.i18n import _
from atelier.verdicts import NotYet, Unmet

VALUE = "/append?value="
DELAY = "/total?delay="
ID = "/result?id="
PENDING = "Pending..."
NO_NUMBERS = ("", "ten", "1.5", "1e3", "nan", "%C2%B2", "--5")
NO_DELAYS = ("", "soon", "-1", "-0.5", "nan", "inf", "-inf")
ANSWER_WITHIN = 8.0  # seconds
AT_ONCE = 2.0
WAITS = 2.0
STARTS_WITHIN = 0.4  # from the queue to the task's first line, in a process that is idle
DONE_WITHIN = 15.0
PROCESSES = 2
# The long one occupies a process, so that the other one is for another; they do not end together.
SIDE_BY_SIDE = (1.5, 0.5)
_TRIES = 3
_MANY = 8
_UNKNOWN_TASK = "no.worker.knows.this.task"
_ID = re.compile(r"[\w-]{8,64}")
# In the worker's log, of a task that ended well: the process of the pool that ran it, and its id.
_ENDED = re.compile(r"/(ForkPoolWorker-\d+)\] Task \S+\[([\w-]+)\] succeeded")


def random_numbers(count: int) -> list[int]:
    """Return numbers that nobody guesses, the first one negative, the second one large."""
    numbers = [10**5 + secrets.randbelow(10**6) for _each in range(count)]
    return [-numbers[0], numbers[1] + 10**24, *numbers[2:]]


class Observed(NamedTuple):
    """What was seen while no worker ran."""

    web: Web
    numbers: list[int]
    appended: list[Response]
    pushed: list[Asked]
    stored: list[list[str]]  # the lists in Redis that hold one of the numbers
    refused: dict[str, Response]
    left_by_refused: int  # messages
    totals: list[Response]
    default: Response
    default_waits: bool
    waiting: list[Message]
    pending: Response
    monitor: Monitor


class Worked(NamedTuple):
    """What was seen once the worker ran."""

    worker: Worker
    stored: list[Result | None]  # of the tasks that waited
    sums: list[tuple[int, Response]]  # what is wanted, and what was answered
    running: Response
    took: float
    readers: list[str]  # the connections of the tasks that waited, which ran side by side
    later_readers: list[str]  # those of the tasks that came after, one for each command
    failed: Response
    traceback: str | None


class LedgerChecks:
    """The criteria of a ledger that `web` and `worker` start in a world, whose Redis it finds.

    `worker` is given a world and options of the command `celery worker`.
    """

    def __init__(self, web: Callable[[World], Web], worker: Callable[..., Worker]) -> None:
        self._start_web = web
        self._start_worker = worker

    # What is done, once for all criteria

    def _world(self, worlds: Worlds) -> World:
        return worlds.new()

    def _resting(self, worlds: Worlds) -> Worker:
        options = (*AT_REST, "--pool=prefork", f"--concurrency={PROCESSES}")
        return self._start_worker(worlds.once(self._world), *options)

    def observed(self, worlds: Worlds) -> Observed:
        """Ask while no worker takes from the queue."""
        return worlds.once(self._observe)

    def _observe(self, worlds: Worlds) -> Observed:
        world = worlds.once(self._world)
        web = self._start_web(world)
        monitor = Monitor(world.redis)
        world.at_close(monitor.close)
        client = world.redis.client()
        numbers = random_numbers(_MANY)
        appended = [get(web, f"{VALUE}{number}") for number in numbers]
        texts = {str(number) for number in numbers}
        pushed = [each for each in monitor.heard() if texts.intersection(each.words)]
        refused = {path: get(web, path) for path in _bad_requests()}
        left = len(world.queue.waiting())
        client.delete(QUEUE)
        default = get(web, "/total")
        default_waits = bool(world.queue.wait_for_messages(1, Deadline(1)))
        client.delete(QUEUE)  # nobody waits for that one
        totals = [get(web, f"{DELAY}{delay}") for delay in SIDE_BY_SIDE]
        waiting = world.queue.wait_for_messages(len(totals), Deadline(2))
        pending = get(web, f"{ID}{totals[0].text.strip()}")
        keys = [key for key in client.keys("*") if client.type(key) == b"list"]
        lists = [[_text(member) for member in client.lrange(key, 0, -1)] for key in keys]
        stored = [members for members in lists if texts.intersection(members)]
        return Observed(
            *(web, numbers, appended, pushed, stored, refused, left, totals),
            *(default, default_waits, waiting, pending, monitor),
        )

    def ids(self, worlds: Worlds) -> list[str]:
        """Return the ids that /total answered. Raises NotYet when they are none."""
        seen = self.observed(worlds)
        paths = [*(f"{DELAY}{delay}" for delay in SIDE_BY_SIDE), "/total"]
        for path, answer in zip(paths, (*seen.totals, seen.default), strict=True):
            expect_status(answer, 200, f"GET {path}", seen.web)
        found = [answer.text.strip() for answer in seen.totals]
        expect(
            all(map(_ID.fullmatch, found)) and len(set(found)) == len(found),
            _("Expected: the id of the task as text, and another one for each request."),
            seen=[answer.text[:200] for answer in seen.totals],
            look=_("Which attribute of what the task's call returns is the id?"),
        )
        return found

    def key(self, worlds: Worlds) -> str:
        """Return the name of the list in Redis. Raises NotYet when there is none."""
        seen = self.observed(worlds)
        expect_status(seen.appended[0], 200, f"GET {VALUE}{seen.numbers[0]}", seen.web)
        keys = {each.words[1] for each in seen.pushed if len(each.words) > 2}
        expect(
            len(keys) == 1 and seen.stored,
            _("Expected: each value is pushed to one and the same list in Redis."),
            seen=[" ".join(each.words)[:200] for each in seen.pushed],
            look=_("Which command of Redis adds a value to a list?"),
        )
        return keys.pop()

    def worked(self, worlds: Worlds) -> Worked:
        """Let the worker do what waits, and ask again."""
        return worlds.once(self._work)

    def _work(self, worlds: Worlds) -> Worked:
        world = worlds.once(self._world)
        worker = worlds.once(self._resting)
        seen = self.observed(worlds)
        ids, key = self.ids(worlds), self.key(worlds)
        web, queue = seen.web, world.queue
        total = sum(seen.numbers)
        push = {each.words[0] for each in seen.pushed}
        ours = len(_readers(seen.monitor.heard(), key, push))  # while the lists were looked at
        worker.begin()
        stored = [queue.wait_for_result(task_id, Deadline(DONE_WITHIN)) for task_id in ids]
        sums = [(total, get(web, f"{ID}{task_id}")) for task_id in ids]
        readers = _readers(seen.monitor.heard(), key, push)[ours:]
        for _attempt in range(_TRIES):
            began = time.monotonic()
            task_id = _start(web, f"{WAITS:g}")
            _taken(world, Deadline(DONE_WITHIN))
            time.sleep(STARTS_WITHIN)
            running = get(web, f"{ID}{task_id}")
            late = 10**7 + secrets.randbelow(10**6)
            get(web, f"{VALUE}{late}")
            total += late
            if time.monotonic() - began < WAITS:
                break  # else the machine is slow, and the task may have ended before
        queue.wait_for_result(task_id, Deadline(DONE_WITHIN))
        took = time.monotonic() - began
        sums.append((total, get(web, f"{ID}{task_id}")))
        before = len(_readers(seen.monitor.heard(), key, push))
        get(web, f"{VALUE}{-total}")
        more = [_start(web, "0") for _each in range(_MANY)]
        for task_id in more:
            queue.wait_for_result(task_id, Deadline(ANSWER_WITHIN))
        later = _readers(seen.monitor.heard(), key, push)[before:]
        sums.append((0, get(web, f"{ID}{more[-1]}")))
        unknown = queue.put(_UNKNOWN_TASK)
        queue.wait_for_result(unknown, Deadline(ANSWER_WITHIN))
        failed = get(web, f"{ID}{unknown}")
        traceback = web.last_traceback() if failed.status == 500 else None
        return Worked(worker, stored, sums, running, took, readers, later, failed, traceback)

    # What is expected

    def append_answers_done(self, worlds: Worlds) -> None:
        """Each integer is answered with Done. and stands in one list."""
        seen = self.observed(worlds)
        for number, answer in zip(seen.numbers, seen.appended, strict=True):
            expect_status(answer, 200, f"GET {VALUE}{number}", seen.web)
            expect(
                answer.text.strip() == "Done.",
                _("Expected: {path} answers Done.", path="/append"),
                seen=answer.text[:300],
                look=_("What does the route return?"),
            )
        self.key(worlds)
        expect(
            any(sorted(map(str, seen.numbers)) == sorted(found) for found in seen.stored),
            _("Expected: one list in Redis holds each value, once, and nothing else."),
            seen=[found[:20] for found in seen.stored],
            look=_("What is pushed, and for which requests?"),
        )

    def append_refuses(self, worlds: Worlds) -> None:
        """What is no integer is refused, with a sentence."""
        seen = self.observed(worlds)
        for path, answer in seen.refused.items():
            if path.startswith("/append"):
                _expect_refused(path, answer, "value", seen.web)

    def total_answers_an_id(self, worlds: Worlds) -> None:
        """The id comes at once, and a message with it waits."""
        seen = self.observed(worlds)
        ids = self.ids(worlds)
        seconds = min(answer.seconds for answer in seen.totals)
        expect(
            seconds < AT_ONCE,
            _("Expected: the answer comes at once; the work is for the worker."),
            seen=_("{seconds:.2f} s", seconds=seconds),
            look=_("Which line of the route waits for the result?"),
        )
        expect(
            sorted(message.id for message in seen.waiting) == sorted(ids),
            _("Expected: a message with the id of each answer waits in Redis."),
            seen=[f"{message.task} {message.id}" for message in seen.waiting],
            look=_("Is the id of the answer that of the task which was sent?"),
        )
        expect(
            seen.default_waits,
            _("Expected: /total without delay starts a task too."),
            seen=seen.default.text[:300],
            look=_("Which delay counts when none is given?"),
        )

    def total_refuses(self, worlds: Worlds) -> None:
        """What is no number of seconds is refused, and starts nothing."""
        seen = self.observed(worlds)
        for path, answer in seen.refused.items():
            if path.startswith("/total"):
                _expect_refused(path, answer, "delay", seen.web)
        expect(
            not seen.left_by_refused,
            _("Expected: a request that is refused starts no task."),
            seen=_("{count} messages wait.", count=seen.left_by_refused),
            look=_("Is the delay looked at before the task is called?"),
        )

    def result_is_pending(self, worlds: Worlds) -> None:
        """While the task waits, and while it runs, the answer says so."""
        seen = self.observed(worlds)
        self.ids(worlds)
        expect_status(seen.pending, 200, "GET /result?id=...", seen.web)
        expect(
            seen.pending.text.strip() == PENDING,
            _("Expected: {text} while no worker has taken the task.", text=PENDING),
            seen=seen.pending.text[:300],
            look=_("Which question of an AsyncResult says whether the task has ended?"),
        )
        worked = self.worked(worlds)
        expect(
            worked.running.status == 200 and worked.running.text.strip() == PENDING,
            _("Expected: {text} while the task runs as well.", text=PENDING),
            seen=f"{worked.running.status} {worked.running.text[:300]}",
            look=_("In which states has a task not ended yet?"),
        )

    def result_is_the_sum(self, worlds: Worlds) -> None:
        """Once it has ended: the sum of what the list held after the delay, as text."""
        worked = self.worked(worlds)
        for stored in worked.stored:
            expect(
                stored is not None and stored.state == "SUCCESS",
                _("Expected: a worker that starts does the tasks that wait."),
                seen=f"{stored}\n{worked.worker.last_log()}",
                look=_("What does the worker's log say about the task?"),
            )
        for wanted, answer in worked.sums:
            expect(
                answer.status == 200 and answer.text.strip() == str(wanted),
                _(
                    "Expected: {wanted}, the sum of the list at the end of the delay, as text.",
                    wanted=wanted,
                ),
                seen=f"{answer.status} {answer.text[:300]}",
                look=_("What is summed, when, and how is the sum turned into text?"),
            )
        expect(
            worked.took >= WAITS,
            _("Expected: with delay={delay:g}, the sum comes after {delay:g} s.", delay=WAITS),
            seen=_("{seconds:.2f} s", seconds=worked.took),
            look=_("Who waits, and how long?"),
        )

    def result_wants_an_id(self, worlds: Worlds) -> None:
        """Without an id there is nothing to look up."""
        seen = self.observed(worlds)
        for path, answer in seen.refused.items():
            if path.startswith("/result"):
                _expect_refused(path, answer, "id", seen.web)

    def failed_task_is_told(self, worlds: Worlds) -> None:
        """A task that failed is not pending for ever, and its answer is no sum."""
        worked = self.worked(worlds)
        text = worked.failed.text.strip()
        expect(
            text != PENDING and worked.failed.status >= 400,
            _("Expected: for a task that raised an error, another status than 200."),
            seen=f"{worked.failed.status} {text[:300]}",
            look=_("Which states has a task that has ended without a result?"),
        )
        expect(
            worked.traceback is None and " " in text,
            _("Expected: a sentence for the client, and no exception in the route."),
            seen=worked.traceback or text[:300],
            look=_("What is the result of a task that raised an error?"),
        )

    def redis_stopped(self, worlds: Worlds) -> None:
        """Nothing works without Redis, and each route says so, soon."""
        with suppress(Unmet):  # told by another criterion; Redis is needed until then
            self.worked(worlds)
        web = self.observed(worlds).web
        worlds.once(self._world).redis_server.stop()
        for path in (f"{VALUE}1", f"{DELAY}0", f"{ID}{secrets.token_hex(16)}"):
            answer = get(web, path)
            told = web.last_traceback() if answer.status == 500 else None
            expect(
                answer.status == 503 and " " in answer.text.strip(),
                _("Expected: with Redis stopped, {path} answers 503 and a sentence.", path=path),
                seen=f"{answer.status} {told or answer.text[:300]}",
                look=_("Which exceptions does the route raise then, and who catches them?"),
            )

    def connections_are_pooled(self, worlds: Worlds) -> None:
        """Requests, and tasks, use a connection again."""
        seen = self.observed(worlds)
        self.key(worlds)
        count = len({each.address for each in seen.pushed})
        expect(
            count <= _MANY // 2,
            _("Expected: {many} requests, one after the other, share connections.", many=_MANY),
            seen=_("{count} connections to Redis", count=count),
            look=_("How often is a client made?"),
        )
        worked = self.worked(worlds)
        count = len(set(worked.later_readers))
        expect(
            worked.later_readers and count <= _MANY // 2,
            _(
                "Expected: {many} tasks in {processes} processes share connections.",
                many=_MANY,
                processes=PROCESSES,
            ),
            seen=_("{count} connections to Redis", count=count),
            look=_("Does the task use the same client as the view?"),
        )

    def forks_share_no_connection(self, worlds: Worlds) -> None:
        """Two processes of the worker never write into one connection."""
        worked = self.worked(worlds)
        count = len(set(worked.readers))
        done = {task_id: process for process, task_id in _ENDED.findall(worked.worker.log)}
        # A task that waits in the worker, by countdown, may find the same process as the other.
        processes = len({done[each] for each in self.ids(worlds) if each in done})
        expect(
            count >= (processes or PROCESSES),
            _("Expected: two tasks side by side, in two processes, use two connections."),
            seen=_("{count} connections to Redis", count=count),
            look=_("Is a connection opened before the worker forks, and used after it?"),
        )


def get(web: Web, path: str) -> Response:
    """Ask for a page of the ledger. Raises TookTooLong, ProgramStopped."""
    return web.get(path, ANSWER_WITHIN)


def _start(web: Web, delay: str) -> str:
    """Start a task; return its id. Raises NotYet, TookTooLong, ProgramStopped."""
    answer = get(web, f"{DELAY}{delay}")
    expect_status(answer, 200, f"GET {DELAY}{delay}", web)
    return answer.text.strip()


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw


def _bad_requests() -> list[str]:
    return [
        *("/append", *(f"{VALUE}{each}" for each in NO_NUMBERS)),
        *(f"{DELAY}{each}" for each in NO_DELAYS),
        *("/result", ID),
    ]


def _expect_refused(path: str, answer: Response, name: str, web: Web) -> None:
    expect_status(answer, 400, f"GET {path}", web)
    expect(
        re.search(rf"\b{name}\b", answer.text) and len(answer.text.split()) > 2,
        _("Expected: {path} is refused with a sentence that names {name}.", path=path, name=name),
        seen=answer.text[:300],
        look=_("What does whoever typed this address have to know?"),
    )


def _taken(world: World, deadline: Deadline) -> None:
    """Wait until the worker has taken every message."""
    while world.queue.waiting():
        if deadline.over:
            raise NotYet(
                _("Expected: the worker takes the task from the queue."),
                seen=_("{count} messages wait.", count=len(world.queue.waiting())),
            )
        time.sleep(0.01)


def _readers(heard: Iterable[Asked], key: str, push: set[str]) -> list[str]:
    """The connections that asked for the list `key` otherwise than by the commands `push`."""
    return [
        each.address
        for each in heard
        if key in each.words and each.words[0] not in push and each.address != "lua"
    ]
