"""Step 15: a notice can be asked for twice, by two workers at once, and is written once."""

import re
import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    Gate,
    _,
    criterion,
    expect,
    start_web,
    start_worker,
)

NAME = "tasks.write_notice"
NOTICES = "/api/v1/notices"
TASK = rf"{re.escape(NAME)}\[[\w-]+\]"
END_WITHIN = 8  # seconds
LOOK_EVERY = 0.02
WRITES_A_NOTICE = r"\s*INSERT\b.*\bnotices\b"


class Seen(NamedTuple):
    """What became of notices that were asked for more than once, or under bad conditions."""

    again: list  # notices of a product that was asked for a second time, later
    again_log: str
    at_once: list  # notices of a product that two processes were asked for at once
    at_once_log: str
    kept: bool  # whether Redis kept the message of a task that was killed on its way
    after_kill: list
    next_name: str
    of_next: list  # notices of a product that got the id of a deleted one
    in_trouble: str  # the log of a task that found no table of notices


def post(web):
    name = f"product {secrets.token_hex(4)}"
    response = web.request("POST", PRODUCTS, data={"name": name}, seconds=END_WITHIN)
    product = response.json()
    expect(
        response.status == 201 and isinstance(product, dict) and "id" in product,
        _("Expected: POST answers 201 with the product, as before."),
        seen=f"{response.status}\n{web.last_traceback() or response.text[:300]}",
        look=_("Does the step before still work?"),
    )
    return product


def notices_of(web, product, seconds=0.0):
    """The notices of a product, as soon as there is one, or when the time is over."""
    deadline = Deadline(seconds)
    while True:
        notices = web.get(NOTICES, END_WITHIN).json()
        found = [
            notice
            for notice in (notices if isinstance(notices, list) else [])
            if isinstance(notice, dict) and notice.get("product_id") == product["id"]
        ]
        if found or deadline.over:
            return found
        time.sleep(LOOK_EVERY)


def log_of(worker, ends, seconds=END_WITHIN):
    """The log of a worker as soon as so many notices were written, or not."""
    worker.wait_for_log(rf"(?s)(?:{TASK} (?:succeeded|raised).*?){{{ends}}}", seconds)
    return worker.log


def observe(worlds):
    """Ask for notices again, twice at once, with a kill between, and without a table."""
    world = worlds.shared()
    gate = Gate(world, WRITES_A_NOTICE, seconds=END_WITHIN)
    with ThreadPoolExecutor(3) as pool:
        migrated = pool.submit(world.migrate)
        starting = pool.submit(
            start_worker, world, "--pool=prefork", "--concurrency=2", *world.worker_options
        )
        second = pool.submit(lambda: world.resting_worker)
        web = start_web(world)
        migrated.result()
        worker = starting.result()

    product = post(web)
    notices_of(web, product, END_WITHIN)
    world.queue.put(NAME, product["id"])
    again_log = log_of(worker, 2)
    again = notices_of(web, product)

    gate.close()
    product = post(web)
    world.queue.put(NAME, product["id"])
    gate.wait_for(2, seconds=2)  # a lock of the learner's lets one through at a time
    gate.open()
    at_once_log = log_of(worker, 4)[len(again_log) :]
    at_once = notices_of(web, product)

    gate.close()
    product = post(web)
    gate.wait_for(1, seconds=4)
    kept = world.queue.stays_unacknowledged(seconds=1)
    worker.stop()
    gate.open()
    world.queue.redeliver()
    worker = second.result()
    worker.begin()
    after_kill = notices_of(web, product, 4 if kept else 0)

    web.request("DELETE", f"{PRODUCTS}/{product['id']}")
    product = post(web)
    ends = 2 if kept else 1
    log = log_of(worker, ends)
    of_next = notices_of(web, product)

    with closing(sqlite3.connect(world.sqlite_database())) as database:
        database.execute("ALTER TABLE notices RENAME TO gone")
    world.queue.put(NAME, product["id"])
    worker.wait_for_log(rf"(?s)(?:{TASK} (?:succeeded|raised|retry).*?){{{ends + 1}}}", END_WITHIN)
    in_trouble = worker.log[len(log) :]
    return Seen(
        *(again, again_log, at_once, at_once_log),
        *(kept, after_kill, product["name"], of_next, in_trouble),
    )


def last_words(log):
    """The lines of a log that tell how tasks ended."""
    found = re.findall(rf"{TASK} (?:succeeded|raised|retry).*", log)
    return [line[:300] for line in found]


@criterion(_("Asked for a second time, the notice stays one"), file="tasks.py")
def test_asked_for_again(worlds):
    seen = worlds.once(observe)
    expect(
        len(seen.again) == 1,
        _("Expected: one notice, although the worker was asked for it twice."),
        seen=seen.again or last_words(seen.again_log),
        look=_("What stops a second row for the same product?"),
    )


@criterion(_("Two workers that are asked at once write one notice"), file="models.py")
def test_two_at_once(worlds):
    seen = worlds.once(observe)
    expect(
        len(seen.at_once) == 1,
        _("Expected: one notice, although two processes were about to write it at once."),
        seen=seen.at_once or last_words(seen.at_once_log),
        look=_("Between looking and writing, another worker may write. Who can refuse it then?"),
    )


@criterion(_("The second time is no error"), file="tasks.py")
def test_second_time_is_no_error(worlds):
    seen = worlds.once(observe)
    words = last_words(seen.again_log) + last_words(seen.at_once_log)
    expect(
        len(words) == 4 and all(" succeeded " in line for line in words),
        _("Expected: each of the four tasks succeeds, whether it wrote the notice or found it."),
        seen=words,
        look=_("What does the commit raise when the row is there already, and who catches it?"),
    )


@criterion(_("Killed on its way, the task is not lost"), file="tasks.py")
def test_killed_on_its_way(worlds):
    seen = worlds.once(observe)
    expect(
        seen.kept,
        _("Expected: until the notice is written, Redis keeps the message."),
        seen=_("The worker had the task in hand, and Redis had forgotten the message already."),
        look=_("When does the worker acknowledge: before the task, or after it? Which option?"),
    )
    expect(
        len(seen.after_kill) == 1,
        _("Expected: handed out again after the kill, the task writes the notice, once."),
        seen=seen.after_kill,
        look=_("What is different when the task begins a second time?"),
    )


@criterion(_("A product with the id of a deleted one has its own notice"), file="models.py")
def test_id_is_used_again(worlds):
    seen = worlds.once(observe)
    expect(
        len(seen.of_next) == 1 and seen.next_name in str(seen.of_next[0].get("text")),
        _("Expected: one notice, for the product {name}.", name=seen.next_name),
        seen=seen.of_next,
        look=_("SQLite gives a free id again. When a product goes, what becomes of its notices?"),
    )


@criterion(_("Any other error of the database still shows"), file="tasks.py")
def test_other_errors_show(worlds):
    seen = worlds.once(observe)
    words = last_words(seen.in_trouble)
    expect(
        words and not any(" succeeded " in line for line in words),
        _("Expected: when the table of notices is not there, the task does not succeed."),
        seen=words or seen.in_trouble[-300:],
        look=_("Which exception means that the row is there already? Does the task catch more?"),
    )
