"""Step 10: very_slow_add is a task, called here, done in the worker."""

import random
import re
import time
from typing import NamedTuple

from atelier.checks import Question, Queue, World, _, criterion, expect

NAME = "tasks.very_slow_add"

# The application is there first, as in `flask shell`: from step 20 on, the tasks do not make it.
QUESTION = """
import time
from flask.cli import ScriptInfo
ScriptInfo().load_app()
import tasks
from kombu.exceptions import OperationalError

def enqueue():
    task = getattr(tasks, "very_slow_add", None)
    if not hasattr(task, "delay"):
        return None
    ids, taken = [], []
    try:
        for args in calls:
            began = time.monotonic()
            ids.append(task.delay(*args).id)
            taken.append(time.monotonic() - began)
    except OperationalError as error:
        return {"ids": [], "error": str(error), "broker": str(task.app.conf.broker_url)}
    # What does the work itself takes its time at each call; the first one also imports Celery.
    return {"ids": ids, "seconds": min(taken)}

attempt(enqueue)

def call_directly():
    began = time.monotonic()
    return {"total": tasks.very_slow_add(*direct), "seconds": time.monotonic() - began}

tell(hasattr(tasks, "very_slow_add"))
attempt(call_directly)
"""


class Asked(NamedTuple):
    """One Python of the learner's, asked to enqueue and to call, while no worker takes a task."""

    world: World
    question: Question
    good: list
    direct: list


class Enqueued(NamedTuple):
    """What delay gave, and what stood in Redis before a worker took anything."""

    queue: Queue
    ids: list
    seconds: float
    waiting: list
    early: object


def numbers():
    return [random.randrange(10**6), random.randrange(10**6)]


def ask(worlds):
    world, good, direct = worlds.shared(), numbers(), numbers()
    question = world.ask(QUESTION, calls=[good, [1, "a"]], direct=direct)
    return Asked(world, question, good, direct)


def enqueue(worlds):
    world, question, *_numbers = worlds.once(ask)
    told = question.answer(20)
    expect(
        told is not None,
        _("Expected: {name} is a task, and a task has delay.", name=NAME),
        seen=_("tasks.py has no very_slow_add.delay."),
        look=_("Does the function have a task decorator? Is the file saved?"),
    )
    expect(
        told["ids"],
        _("Expected: delay puts a message in Redis."),
        seen=_(
            "The broker of this task is {broker}: {error}",
            broker=told.get("broker"),
            error=told.get("error"),
        ),
        look=_("Does tasks.celery make the task, and is it the one with the broker?"),
    )
    queue = world.queue
    early = queue.result(told["ids"][0])
    return Enqueued(queue, told["ids"], told["seconds"], queue.waiting(), early)


def outcome(seen, worker, number):
    """Let the worker begin; the result of a call, how the log says that it ended, and when."""
    task_id = seen.ids[number]
    expect(
        task_id in [message.id for message in seen.waiting],
        _("Expected: with no worker, a message {name} waits in Redis.", name=NAME),
        seen=_("This call of delay left no message."),
        look=_("Is task_always_eager set somewhere?"),
    )
    began = worker.begin()
    end = rf"Task \S+\[{task_id}\] (?:succeeded|raised).*"  # the result is stored before
    worker.wait_for_log(end, 10)
    seconds = time.monotonic() - began
    said = re.search(end, worker.log)
    return seen.queue.result(task_id), said[0] if said else worker.last_log(), seconds


@criterion(_("The worker knows tasks.very_slow_add"), file="tasks.py")
def test_worker_knows_the_task(world):
    tasks = world.resting_worker.registered_tasks()
    expect(
        NAME in tasks,
        _("Expected: this name under [tasks]. The worker started, but its list lacks it."),
        seen=tasks,
        look=_("Does the function have a task decorator? Is the file saved?"),
    )


@criterion(
    _("Called directly, very_slow_add adds here, in three seconds, without a worker"),
    file="tasks.py",
)
def test_direct_call(worlds):
    _world, question, _good, (a, b) = worlds.once(ask)
    expect(
        question.answer(20, number=2),
        _("Expected: tasks.py has a function very_slow_add."),
        seen=_("There is none."),
        look=_("Is the name spelt exactly like this? Is the file saved?"),
    )
    called = question.answer(20, number=3)
    expect(
        called["total"] == a + b,
        _("Expected: very_slow_add({a}, {b}) gives {total}.", a=a, b=b, total=a + b),
        seen=str(called["total"]),
        look=_("What does the function return?"),
    )
    expect(
        called["seconds"] >= 3.0,
        _("Expected: the function takes 3 seconds."),
        seen=_("{seconds:.2f} s", seconds=called["seconds"]),
        look=_("Does the function still sleep before it adds?"),
    )


@criterion(_("delay leaves a message, and the worker does the work"), file="tasks.py")
def test_delay_waits_for_the_worker(worlds):
    asked, seen = worlds.once(ask), worlds.once(enqueue)
    expect(
        seen.early is None,
        _("Expected: no result before a worker has run."),
        seen=str(seen.early),
        look=_("Is task_always_eager set somewhere?"),
    )
    expect(
        seen.seconds < 3.0,
        _("Expected: delay comes back at once; the three seconds are for the worker."),
        seen=_("{seconds:.2f} s, with no worker there", seconds=seen.seconds),
        look=_("Is task_always_eager set somewhere?"),
    )
    expect(
        [(message.task, list(message.args)) for message in seen.waiting[:1]]
        == [(NAME, asked.good)],
        _("Expected: with no worker, a message {name} waits in Redis.", name=NAME),
        seen=[f"{message.task}{tuple(message.args)}" for message in seen.waiting],
        look=_("Does tasks.celery make the task, and is it the one with the broker?"),
    )
    worker = asked.world.resting_worker
    result, said, seconds = outcome(seen, worker, 0)
    total = sum(asked.good)
    expect(
        result,
        _("Expected: once a worker runs, the result of the task is in Redis."),
        seen=_("No result is stored. The worker's log: {log}", log=said),
        look=_("Did the task end, and is its result ignored somewhere?"),
    )
    expect(
        result.state == "SUCCESS" and result.value == total,
        _("Expected: once a worker runs, the result of the task is {total}.", total=total),
        seen=f"{result.state}: {result.value}",
        look=_("What does the function return?"),
    )
    expect(
        seconds >= 3.0,
        _("Expected: the function takes 3 seconds, in the worker too."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("Does the function still sleep before it adds?"),
    )


@criterion(_("A task that raises ends as FAILURE, and the worker lives on"), file="tasks.py")
def test_failure_is_stored(worlds):
    seen = worlds.once(enqueue)
    worker = worlds.once(ask).world.resting_worker
    result, said, _seconds = outcome(seen, worker, 1)
    expect(
        worker.running,
        _("Expected: the worker still runs after a task that raised."),
        seen=said,
        look=_("Does the task end the process?"),
    )
    expect(
        result is not None and result.state == "FAILURE",
        _('Expected: very_slow_add.delay(1, "a") ends in the state FAILURE.'),
        seen=f"{result.state}: {result.value}"
        if result
        else _("No result is stored. The worker's log: {log}", log=said),
        look=_("Does the function let the TypeError through?"),
    )
