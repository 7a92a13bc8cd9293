"""`atelier queue`: what waits, runs and is done, seen through a real Redis and real workers."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import pickle
import re
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import free_port
from atelier.harness.process import Process
from atelier.harness.redis_server import RedisServer
from atelier.i18n import choose_language
from atelier.printable import printable
from atelier.queue.address import BadAddress, read_address
from atelier.queue.reader import Look, QueueReader
from atelier.queue.taken import Stage
from atelier.queue.view import view
from atelier.queue.workers import WorkerState
from atelier.queue_command import show_queue

WITHIN = 30.0  # seconds, for what takes a fraction of one on a quiet machine

# A task that runs until the file of its name is there: no test waits longer than it must.
TASKS = """
import os, time
from pathlib import Path
from celery import Celery

celery = Celery("tasks", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@celery.task()
def held(name, add=0):
    while not Path(name).exists():
        time.sleep(0.02)
    return len(name) + add


@celery.task()
def raises(text):
    raise ValueError(text)
"""


class Shop:
    """A project with tasks, a Redis and workers."""

    def __init__(self, folder: Path) -> None:
        self.family = Family()
        self.folder = folder
        (folder / "tasks.py").write_text(TASKS)
        self.redis = RedisServer(self.family, folder, {"PATH": os.defpath})
        self.redis.start()
        self.url = self.redis.url
        self.client = self.redis.client()
        self.celery = Celery("tasks", broker=self.url, backend=self.url, set_as_current=False)

    def worker(self, name: str, *options: str) -> Process:
        """Start a worker and wait until it is ready and listens."""
        listening = self._listeners()
        quiet = ("--without-mingle", "--without-gossip", "--without-heartbeat")
        process = Process(
            self.family,
            [
                *(sys.executable, "-m", "celery", "-A", "tasks.celery", "worker"),
                *("--loglevel=INFO", "-n", name, *quiet, *(options or ("--pool=solo",))),
            ],
            cwd=self.folder,
            env={"PATH": os.defpath, "REDIS_URL": self.url, "HOME": str(self.folder)},
        )
        deadline = Deadline(WITHIN)
        assert process.wait_for(r"\] \S+ ready\.", deadline), process.output.text
        while self._listeners() == listening:
            assert not deadline.over
            time.sleep(0.02)
        return process

    def _listeners(self) -> int:
        # What is empty is read by a worker and passed over.
        return int(self.client.publish("/0.celery.pidbox", ""))

    def send(self, name: str, *args: Any, **options: Any) -> str:
        """Enqueue a task and return its id."""
        with self.celery.connection_for_write() as connection:
            options = {"connection": connection, "ignore_result": True} | options
            return str(self.celery.send_task(f"tasks.{name}", args, **options).id)

    def release(self, name: str) -> None:
        """Let the task `held(name)` end."""
        (self.folder / name).touch()

    def wait_for_results(self, count: int) -> None:
        """Wait until `count` results are stored."""
        deadline = Deadline(WITHIN)
        while len(self.client.keys("celery-task-meta-*")) < count:
            assert not deadline.over
            time.sleep(0.02)

    def look(self, patience: float = WITHIN, **options: Any) -> Look:
        """Look once, and wait long for workers: a busy machine changes no test."""
        with closing(QueueReader(self.redis.client())) as reader:
            return reader.look(patience=patience, **options)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A project whose Redis runs."""
    choose_language("en")
    made = Shop(tmp_path)
    yield made
    made.celery.close()
    made.family.end()


@pytest.fixture
def shown(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return what one plain look prints; ids are "…" and times "00:00:00".

    It waits long for workers, unless one of them is known not to answer.
    """

    def show(patience: float = WITHIN) -> str:
        monkeypatch.setattr("atelier.queue_command._PATIENCE_ONCE", patience)
        assert show_queue(shop.url, once=True) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        text = re.sub(r"(?m)^  [0-9a-f]{8}  ", "  …  ", printed.out)
        return re.sub(r"\d\d:\d\d:\d\d", "00:00:00", text)

    return show


# What there is


def test_messages_wait_and_no_worker_is_there(shop: Shop, shown: Callable[..., str]) -> None:
    for number in range(5):
        shop.send("very_slow_add", 1, number)
    assert shown() == (
        f"Redis: redis://127.0.0.1:{shop.redis.port}/0\n"
        "Waiting: 5\n"
        "  …  tasks.very_slow_add(1, 0)\n"
        "  …  tasks.very_slow_add(1, 1)\n"
        "  …  tasks.very_slow_add(1, 2)\n"
        "  …  tasks.very_slow_add(1, 3)\n"
        "  …  tasks.very_slow_add(1, 4)\n"
        "Running: 0\n"
        "Done: 0\n"
        "Workers: 0\n"
        "  The messages wait until a worker starts.\n"
    )


def test_one_runs_in_a_worker_that_cannot_answer(shop: Shop, shown: Callable[..., str]) -> None:
    worker = shop.worker("one@shop")
    for name in "abc":
        shop.send("held", name, kwargs={"add": 2})
    assert worker.wait_for("received", Deadline(WITHIN))
    seconds = re.compile(r"running for \d+ s")
    assert seconds.sub("running for … s", shown(patience=0.1)) == (
        f"Redis: redis://127.0.0.1:{shop.redis.port}/0\n"
        "Waiting: 2\n"
        "  …  tasks.held('b', add=2)\n"
        "  …  tasks.held('c', add=2)\n"
        "Running: 1\n"
        "  …  tasks.held('a', add=2)  running for … s\n"
        "Done: 0\n"
        "Workers: 1\n"
        "  one@shop  busy\n"
    )


def test_all_is_done(shop: Shop, shown: Callable[..., str]) -> None:
    shop.worker("one@shop")
    shop.release("long")
    for name, argument in (("held", "long"), ("raises", "not today"), ("held", "long")):
        shop.send(name, argument, ignore_result=False)
    shop.wait_for_results(3)
    assert shop.look().taken_count == 0  # it has acknowledged the last one too
    assert shown() == (
        f"Redis: redis://127.0.0.1:{shop.redis.port}/0\n"
        "Waiting: 0\n"
        "Running: 0\n"
        "Done: 3\n"
        "  …  00:00:00  SUCCESS  4\n"
        "  …  00:00:00  FAILURE  ValueError: not today\n"
        "  …  00:00:00  SUCCESS  4\n"
        "Workers: 1\n"
        "  one@shop  ready\n"
    )


def test_results_come_with_their_calls_where_these_were_seen(shop: Shop) -> None:
    with closing(QueueReader(shop.redis.client())) as reader:
        shop.send("held", "name", ignore_result=False)
        reader.look(patience=0)
        shop.release("name")
        shop.worker("one@shop")
        shop.wait_for_results(1)
        (done,) = reader.look(patience=0).done
    assert done.call == "tasks.held('name')"


def test_only_the_first_are_shown_and_all_are_counted(
    shop: Shop, shown: Callable[..., str]
) -> None:
    for number in range(13):
        shop.send("very_slow_add", number)
    for number in range(12):
        when = f"2026-01-01T00:00:{number:02}+00:00"
        stored = {"status": "SUCCESS", "result": number, "date_done": when}
        shop.client.set(f"celery-task-meta-{number}", json.dumps(stored))
    lines = shown().splitlines()
    assert lines[1:5] == [
        "Waiting: 13",
        *(f"  …  tasks.very_slow_add({number})" for number in range(3)),
    ]
    assert lines[12] == "  … and 3 more"
    assert lines[14] == "Done: 12"
    assert [line.split()[-1] for line in lines[15:26]] == [*map(str, range(11, 1, -1)), "more"]


def test_what_is_not_done_yet_is_not_shown_as_done(shop: Shop) -> None:
    for state in ("STARTED", "RETRY", "PROGRESS"):
        stored = {"status": state, "result": None, "date_done": None}
        shop.client.set(f"celery-task-meta-{state}", json.dumps(stored))
    assert shop.look().done_count == 0


def test_other_queues_and_priorities_are_seen(shop: Shop, shown: Callable[..., str]) -> None:
    shop.send("later", 1, priority=9)
    shop.send("mail", 2, queue="emails")
    shop.send("first", 3)
    assert shown().splitlines()[1:5] == [
        "Waiting: 3",
        "  …  tasks.first(3)",
        "  …  tasks.later(1)",
        "  …  tasks.mail(2)  in the queue emails",
    ]


# Workers


def test_a_killed_worker_is_not_there_and_its_task_is_left(shop: Shop) -> None:
    worker = shop.worker("one@shop")
    shop.send("held", "a")
    assert worker.wait_for("received", Deadline(WITHIN))
    worker.kill()
    look = shop.look()
    assert (look.workers, look.worker_count) == ([], 0)
    assert [task.stage for task in look.taken] == [Stage.LEFT]
    # Another one, which has not taken it, changes nothing for an hour.
    shop.worker("two@shop")
    look = shop.look()
    assert [(one.name, one.state) for one in look.workers or ()] == [
        ("two@shop", WorkerState.READY)
    ]
    assert [task.stage for task in look.taken] == [Stage.LEFT]
    assert any("its worker is gone" in text for _kind, text in view(look, "redis"))


def test_a_worker_with_processes_says_what_runs_and_what_it_reserved(shop: Shop) -> None:
    worker = shop.worker("one@shop", "--concurrency=1")
    for name in "abc":
        shop.send("held", name)
    late = shop.send("held", "d", countdown=1000)
    assert worker.wait_for(re.escape(late), Deadline(WITHIN))
    deadline = Deadline(WITHIN)
    while len((look := shop.look()).taken) < 4 or look.taken[0].stage is not Stage.RUNNING:
        assert not deadline.over, look
    assert [(task.entry.call, task.stage) for task in look.taken] == [
        ("tasks.held('a')", Stage.RUNNING),
        ("tasks.held('b')", Stage.RESERVED),
        ("tasks.held('c')", Stage.RESERVED),
        ("tasks.held('d')", Stage.SCHEDULED),
    ]
    assert [one.state for one in look.workers or ()] == [WorkerState.BUSY]
    lines = [text for _kind, text in view(look, "redis")]
    assert "Taken by a worker: 4" in lines
    assert re.search(r"'d'\)  scheduled for \d\d:\d\d:\d\d$", "\n".join(lines), re.MULTILINE)


def test_two_workers_of_one_name_are_two(shop: Shop, shown: Callable[..., str]) -> None:
    shop.worker("one@shop")
    shop.worker("one@shop")
    assert shown().endswith(
        "Workers: 2\n"
        "  one@shop  ready\n"
        "  one@shop  ready\n"
        "  Several workers have one name: is an old one still running in another terminal?\n"
    )


def test_a_silent_worker_without_a_task_is_not_called_busy(shop: Shop) -> None:
    worker = shop.worker("one@shop")
    worker.signal(signal.SIGSTOP)
    (seen,) = shop.look(patience=0.1).workers or ()
    assert (seen.name, seen.state) == ("one@shop", WorkerState.SILENT)


def test_which_of_two_names_is_silent_is_not_guessed(shop: Shop) -> None:
    shop.worker("old@shop").kill()
    worker = shop.worker("new@shop")
    worker.signal(signal.SIGSTOP)
    look = shop.look(patience=0.1)
    assert look.worker_count == 1
    assert [(one.name, one.state) for one in look.workers or ()] == [
        ("new@shop", WorkerState.UNCERTAIN),
        ("old@shop", WorkerState.UNCERTAIN),
    ]


def test_looking_leaves_nothing_behind_and_does_not_disturb(shop: Shop) -> None:
    worker = shop.worker("one@shop")
    shop.send("held", "a", ignore_result=False)
    assert worker.wait_for("received", Deadline(WITHIN))
    before = {key: shop.client.type(key) for key in shop.client.keys("*")}
    for _time in range(3):
        shop.look(patience=0.05)
    assert {key: shop.client.type(key) for key in shop.client.keys("*")} == before
    shop.release("a")
    shop.wait_for_results(1)
    assert shop.look().workers  # it answers again: it has seen what it was asked before
    assert not shop.client.keys("*reply*")
    assert not re.search(r"ERROR|CRITICAL|Traceback", worker.output.text)


def test_a_redis_that_lets_nobody_ask_is_still_looked_at(shop: Shop) -> None:
    shop.send("very_slow_add", 1)
    rights = ["+@read", "+@fast", "+@connection", "+eval", "+evalsha", "+script", "-publish"]
    shop.client.acl_setuser("eyes", enabled=True, nopass=True, keys=["*"], commands=rights)
    address = read_address(f"redis://eyes:x@127.0.0.1:{shop.redis.port}")
    with closing(QueueReader(address.client())) as reader:
        look = reader.look(patience=1)
    assert look.workers is None
    assert [entry.call for entry in look.waiting] == ["tasks.very_slow_add(1)"]
    assert any(text.startswith("Workers: unknown") for _kind, text in view(look, ""))


# Strange things


def envelope(body: Any, content_type: str = "application/json", **headers: Any) -> str:
    """Return a message as kombu writes it."""
    if isinstance(body, bytes):
        body = base64.b64encode(body).decode()
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": content_type,
            "headers": {"lang": "py", "task": "tasks.add", "id": "0" * 36} | headers,
            "properties": {"body_encoding": "base64", "delivery_tag": "x"},
        }
    )


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(shop: Shop, tmp_path: Path) -> None:
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    pickled = "application/x-python-serialize"
    shop.client.lpush(
        "celery", bomb, envelope(bomb, pickled), envelope(bomb, pickled, argsrepr="(1,)")
    )
    shop.client.hset("unacked", "x", json.dumps([json.loads(envelope(bomb, pickled)), "", ""]))
    shop.client.zadd("unacked_index", {"x": time.time()})
    shop.client.set("celery-task-meta-x", bomb)
    look = shop.look()
    assert [entry.call for entry in look.waiting] == ["", "tasks.add(…)", "tasks.add(1)"]
    # Nobody is asked about it, as the answer would hold what was pickled.
    assert [(task.entry.call, task.stage) for task in look.taken] == [("tasks.add(…)", Stage.LEFT)]
    assert [(done.id, done.state) for done in look.done] == [("x", "")]
    text = "\n".join(text for _kind, text in view(look, ""))
    assert "(not a message of Celery)" in text
    assert "  x  (not JSON)" in text
    assert not (tmp_path / "exploded").exists()


def test_no_command_reaches_the_terminal(shop: Shop, shown: Callable[..., str]) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\r\n\u202e\x9b31m[red]"
    body = json.dumps([[evil], {evil: evil}, {}]).encode()
    shop.client.lpush("celery", envelope(body, task=evil, id=evil))
    shop.client.sadd("_kombu.binding.x", f"x\x06\x16\x06\x16{evil}")
    shop.client.lpush(evil, envelope(body, argsrepr=evil, kwargsrepr=evil))
    stored: dict[str, Any] = {"status": "SUCCESS", "result": evil, "date_done": evil}
    shop.client.set(f"celery-task-meta-{evil}", json.dumps(stored))
    failure = {"exc_type": evil, "exc_message": [evil], "exc_module": evil}
    stored = {"status": "FAILURE", "result": failure, "date_done": evil}
    shop.client.set("celery-task-meta-2", json.dumps(stored))
    text = shown()
    assert all(line.isprintable() for line in text.splitlines())
    assert "SUCCESS  '\\x1b" in text or 'SUCCESS  "\\x1b' in text
    assert "[red]" in text
    assert len(text.splitlines()) == 10


STRANGE = [
    b"",
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"[1]",
    b"null",
    b'"headers"',
    b"NaN",
    b"[" * 100_000,
    b'{"headers": ' * 10_000,
    b'{"headers": {"task": 1, "id": []}, "body": 1, "properties": 1}',
    b'{"headers": {"task": "a", "id": "b", "eta": {}}, "body": {}, "properties": {}}',
    b'{"headers": {"task": "a", "id": "b", "argsrepr": "' + b"(" * 3000 + b'"}, "body": ""}',
    b'{"headers": {"task": "a", "id": "b", "kwargsrepr": "' + b"{" * 3000 + b'", "argsrepr": ""}}',
    b'{"headers": {"task": "a", "id": "b", "kwargsrepr": "[1]", "argsrepr": ""}, "body": ""}',
    b'{"status": "SUCCESS", "result": ' + b"9" * 6000 + b"}",
    b'{"status": "FAILURE", "result": {"exc_type": "E", "exc_message": {"a": []}}, "date_done": 1}',
    b'{"status": "SUCCESS", "date_done": "0001-01-01T00:00:00+23:59"}',
    b'{"status": ["SUCCESS"]}',
    b'{"status": "SUCCESS", "name": "n", "args": {}, "kwargs": []}',
]


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_whatever_is_there_is_shown_somehow(shop: Shop, number: int) -> None:
    raw = STRANGE[number]
    shop.client.lpush("celery", raw)
    shop.client.hset("unacked", "x", raw)
    shop.client.zadd("unacked_index", {"x": float("inf") if number % 2 else -1e300, "y": 0})
    shop.client.set("celery-task-meta-x", raw)
    shop.client.sadd("_kombu.binding.celery.pidbox", raw)
    look = shop.look()
    assert (look.waiting_count, look.taken_count) == (1, 1)
    assert view(look, "")


def test_keys_of_another_type_are_passed_over(shop: Shop) -> None:
    for key in ("celery", "unacked", "unacked_index", "_kombu.binding.a", "celery-task-meta-x"):
        shop.client.setbit(key, 7, 1)
    shop.client.delete("celery-task-meta-x")
    shop.client.lpush("celery-task-meta-x", "a list")
    shop.client.set("_kombu.binding.celery.pidbox", "a string")
    with listener(shop):
        look = shop.look(patience=0)
    assert [one.name for one in look.workers or ()] == [None]
    assert (look.waiting_count, look.taken_count, look.done_count) == (0, 0, 0)


@pytest.mark.parametrize("answer", [None, 1, {"a": 1}, [1, {}, {"id": 1}], {"a": []}])
def test_whatever_a_worker_answers(shop: Shop, answer: Any) -> None:
    with listener(shop) as false_worker:
        thread = threading.Thread(target=answer_with, args=(shop, false_worker, answer))
        thread.start()
        look = shop.look()
        thread.join()
    assert [(one.name, one.state) for one in look.workers or ()] == [("liar", WorkerState.READY)]
    assert look.taken == []


@contextmanager
def listener(shop: Shop) -> Iterator[Any]:
    """A connection that listens as a worker does."""
    client: Any = shop.redis.client()
    with client.pubsub() as pubsub:
        pubsub.psubscribe("/0.celery.pidbox")
        assert pubsub.get_message(timeout=WITHIN)
        yield pubsub
    client.close()


def answer_with(shop: Shop, worker: Any, answer: Any) -> None:
    """Answer one question as a worker named "liar" would, after some that are no answers."""
    asked = json.loads(worker.get_message(timeout=WITHIN)["data"])
    question = json.loads(base64.b64decode(asked["body"]))
    queue = f"{question['reply_to']['routing_key']}.reply.celery.pidbox"
    late = {"body": encoded({"late": []}), "headers": {"ticket": "another"}}
    shop.client.lpush(queue, "no JSON", "[]", json.dumps(late))
    for body in ("", "bm8=", encoded(None), encoded({}), encoded({"liar": answer})):
        reply = {"body": body, "headers": {"ticket": question["ticket"]}}
        shop.client.lpush(queue, json.dumps(reply))


def encoded(body: Any) -> str:
    """Return `body` as the body of a message."""
    return base64.b64encode(json.dumps(body).encode()).decode()


def test_many_results_take_several_looks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = json.dumps({"status": "SUCCESS", "result": 1, "date_done": None})
    for number in range(200):
        shop.client.set(f"celery-task-meta-{number}", stored)
    monkeypatch.setattr("atelier.queue.reader._READ_WITHIN", 0.0)
    monkeypatch.setattr("atelier.queue.reader._BATCH", 2)
    with closing(QueueReader(shop.redis.client())) as reader:
        looks = [reader._done([b"celery-task-meta-%d" % one for one in range(5)], 0) for _ in "abc"]
        assert [(count, whole) for _done, count, whole in looks] == [
            (2, False),
            (4, False),
            (5, True),
        ]
        _queues, keys, whole = reader._scan()
        assert len(keys) < 200
        assert not whole
        look = reader.look(patience=0)
    assert not look.done_complete
    assert any(text.startswith("Done: more than ") for _kind, text in view(look, ""))


def test_much_and_large_is_read_only_as_far_as_it_is_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atelier.queue.reader._READ_WITHIN", WITHIN)
    large = base64.b64encode(b"x" * 3_000_000).decode()
    message = envelope(large, argsrepr="('xxx…',)", kwargsrepr="{}")
    pipeline = shop.client.pipeline(transaction=False)
    for _time in range(8):
        pipeline.rpush("celery", message)
        pipeline.hset("unacked", str(_time), json.dumps([json.loads(message), "", "celery"]))
        pipeline.zadd("unacked_index", {str(_time): 1.0})
    stored: dict[str, Any] = {"status": "SUCCESS", "result": large, "children": []}
    stored |= {"date_done": "2026-01-01T00:00:00+00:00", "task_id": "large"}
    pipeline.set("celery-task-meta-large", json.dumps(stored))
    small = envelope(b"[[1], {}, {}]", argsrepr="(1,)")
    pipeline.lpush("celery", *[small] * 10_000)
    stored |= {"result": 1, "date_done": "2025-01-01T00:00:00+00:00"}
    for number in range(10_000):
        pipeline.set(f"celery-task-meta-{number}", json.dumps(stored))
    pipeline.execute()
    with closing(QueueReader(shop.redis.client())) as reader:
        before = shop.client.info("stats")["total_net_output_bytes"]
        began = time.monotonic()
        look = reader.look(patience=0)
        took = time.monotonic() - began
        read = shop.client.info("stats")["total_net_output_bytes"] - before
        assert (look.waiting_count, look.taken_count, look.done_count) == (10_008, 8, 10_001)
        assert look.waiting[0].call == "tasks.add('xxx…')"
        assert look.taken[0].entry.call == "tasks.add('xxx…')"
        assert (look.done[0].id, look.done[0].value[:4]) == ("large", '"eHh')
        # 10,000 results of 150 bytes, the names of their keys, 16 ends of messages.
        assert read < 3_500_000
        assert took < WITHIN  # 0.7 s on a quiet machine
        # Results do not change: the next look reads those that it shows, and the keys.
        before = shop.client.info("stats")["total_net_output_bytes"]
        assert reader.look(patience=0).done == look.done
        assert shop.client.info("stats")["total_net_output_bytes"] - before < 1_200_000


# Addresses


@pytest.mark.parametrize(
    ("url", "shown_as"),
    [
        ("redis://localhost:6379", "redis://localhost:6379/0"),
        ("redis://", "redis://localhost:6379/0"),
        (" redis://user:p%40ss@shop.example/2 \n", "redis://shop.example:6379/2"),
        ("redis://:secret@[::1]:1/", "redis://[::1]:1/0"),
        ("rediss://:secret@a:2/1?ssl_cert_reqs=CERT_NONE", "rediss://a:2/1"),
        ("rediss://a:2?ssl_cert_reqs=none&health_check_interval=5", "rediss://a:2/0"),
    ],
)
def test_an_address_is_read_as_celery_does_and_shows_no_password(url: str, shown_as: str) -> None:
    address = read_address(url)
    assert str(address) == shown_as
    assert "secret" not in repr(address)
    address.client().close()


def test_a_password_is_unquoted() -> None:
    address = read_address("redis://user:p%40ss@host")
    assert (address.username, address.password) == ("user", "p@ss")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://localhost:port",
        "redis://localhost:99999",
        "redis://localhost/one",
        "redis://[::1",
        "rediss://localhost?ssl_cert_reqs=maybe",
        "amqp://guest:secret@localhost",
    ],
)
@pytest.mark.parametrize("once", [True, False])
def test_what_is_no_address_is_said(
    url: str, once: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    choose_language("en")
    with pytest.raises(BadAddress):
        read_address(url)
    assert show_queue(url, once=once) == 1
    printed = capsys.readouterr()
    assert "REDIS_URL is not the address of a Redis." in printed.err
    assert "secret" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_redis_is_said_in_a_moment(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    choose_language(language)
    port = free_port()
    assert show_queue(f"redis://:secret@localhost:{port}/0", once=True) == 1
    printed = capsys.readouterr()
    assert f"redis://localhost:{port}/0" in printed.err
    assert "pipenv run atelier redis" in printed.err
    assert "secret" not in printed.err
    assert len(printed.err.splitlines()) == 2
    assert printed.out == ""


def test_a_server_that_never_answers_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    choose_language("en")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        began = time.monotonic()
        assert show_queue(f"redis://127.0.0.1:{listener.getsockname()[1]}", once=True) == 1
        assert time.monotonic() - began < 10
    assert "Redis does not answer" in capsys.readouterr().err


def test_a_refused_password_is_said(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.client.config_set("requirepass", "right")
    for user in ("", ":wrong@"):
        assert show_queue(f"redis://{user}127.0.0.1:{shop.redis.port}", once=True) == 1
        says = capsys.readouterr().err
        assert "refuses" in says
        assert "the password in REDIS_URL" in says
    assert show_queue(f"redis://:right@127.0.0.1:{shop.redis.port}", once=True) == 0


# TLS: Heroku's Redis has a self-signed certificate.


@pytest.fixture
def tls_port(shop: Shop, tmp_path: Path) -> Iterator[int]:
    """The port of a TLS listener in front of the shop's Redis."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop"]
    try:
        subprocess.run(
            [*command, "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("There is no openssl to make a certificate with.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(
            target=serve_tls, args=(listener, context, shop.redis.port), daemon=True
        ).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def serve_tls(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Pass what comes in over TLS to `port` and back, one connection after the other."""
    while True:
        try:
            accepted = listener.accept()[0]
        except OSError:
            return
        try:
            with (
                context.wrap_socket(accepted, server_side=True) as outside,
                socket.create_connection(("127.0.0.1", port)) as inside,
            ):
                while True:
                    # What TLS has read already makes no socket readable.
                    pending: list[socket.socket] = [outside] if outside.pending() else []
                    for end in pending or select.select([outside, inside], [], [])[0]:
                        data = end.recv(65536)
                        if not data:
                            raise ConnectionResetError
                        (inside if end is outside else outside).sendall(data)
        except OSError:
            continue


def test_rediss_works_as_celery_writes_it(
    shop: Shop, tls_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.send("very_slow_add", 1)
    url = f"rediss://:secret@127.0.0.1:{tls_port}/0"
    shop.client.config_set("requirepass", "secret")
    assert show_queue(f"{url}?ssl_cert_reqs=CERT_NONE", once=True) == 0
    assert "tasks.very_slow_add(1)" in capsys.readouterr().out
    assert show_queue(url, once=True) == 1
    says = capsys.readouterr().err
    assert "cannot be verified" in says
    assert "?ssl_cert_reqs=CERT_NONE" in says


# The live view


class Terminal:
    """`show_queue` in a pseudo-terminal of 24 lines."""

    def __init__(self, family: Family, url: str, folder: Path) -> None:
        self.end, other = os.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
        code = (
            "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
            "from atelier.queue_command import show_queue\n"
            f"sys.exit(show_queue({url!r}))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env={"PATH": os.defpath, "TERM": "xterm", "HOME": str(folder)},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.printed = ""

    def wait_for(self, text: str) -> str:
        """Wait until `text` is printed; return what was since the end of the last wait."""
        deadline = Deadline(WITHIN)
        while text not in self.printed:
            assert self._read(deadline), self.printed
        before, _text, self.printed = self.printed.partition(text)
        return before + text

    def next_frame(self) -> str:
        """Return what is drawn next, from its first to its last line."""
        self.wait_for("Redis")
        return "Redis" + self.wait_for("nothing else.")

    def _read(self, deadline: Deadline) -> bool:
        if not select.select([self.end], [], [], deadline.remaining)[0]:
            return False
        try:
            data = os.read(self.end, 65536)
        except OSError:
            return False
        self.printed += data.decode("utf-8", "replace")
        return bool(data)

    def press_control_c(self) -> int:
        """Press Ctrl-C, read to the end and return the exit code."""
        os.write(self.end, b"\x03")
        deadline = Deadline(WITHIN)
        while self._read(deadline):
            pass
        return self.process.wait(deadline.remaining)


@pytest.fixture
def terminal(shop: Shop, tmp_path: Path) -> Iterator[Terminal]:
    """The live view on the shop's Redis."""
    made = Terminal(shop.family, shop.url, tmp_path)
    yield made
    made.process.kill()
    made.process.wait()
    os.close(made.end)


def test_the_view_follows_and_ends_with_control_c(shop: Shop, terminal: Terminal) -> None:
    terminal.wait_for("Waiting: 0")
    terminal.wait_for("Ctrl-C ends this view")
    for number in range(30):
        shop.send("very_slow_add", number, "x" * 100)
    terminal.wait_for("Waiting: 30")
    terminal.wait_for("until a worker starts")
    terminal.wait_for("Ctrl-C ends this view")
    assert terminal.press_control_c() == 0
    assert "Traceback" not in terminal.printed
    assert "\x1b[?25h" in terminal.printed  # the cursor is shown again
    assert not shop.client.keys("*reply*")


def test_the_view_fits_in_its_terminal(shop: Shop, terminal: Terminal) -> None:
    terminal.wait_for("Ctrl-C ends")
    for number in range(30):
        shop.send("very_slow_add", number, "x" * 100)
        stored = {"status": "SUCCESS", "result": "y" * 100, "date_done": None}
        shop.client.set(f"celery-task-meta-{number}", json.dumps(stored))
    while "Waiting: 30" not in (frame := terminal.next_frame()) or "Done: 30" not in frame:
        pass
    lines = re.sub(r"\x1b\[[0-9;]*m", "", frame).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) == 70
    assert sum("very_slow_add" in line for line in lines) >= 5
    assert sum("SUCCESS" in line for line in lines) >= 5
    assert "and stops nothing else" in lines[-1]


def test_the_view_waits_for_a_redis_that_stops_and_comes_back(
    shop: Shop, terminal: Terminal
) -> None:
    terminal.wait_for("Waiting: 0")
    shop.redis.stop()
    terminal.wait_for("Redis does not answer")
    terminal.wait_for("This view goes on looking.")
    shop.redis.start()
    terminal.wait_for("Waiting: 0")
    assert terminal.press_control_c() == 0
    assert "Traceback" not in terminal.printed


def test_without_a_terminal_it_is_one_look(shop: Shop) -> None:
    code = (
        f"from atelier.queue_command import show_queue; raise SystemExit(show_queue({shop.url!r}))"
    )
    process = Process(
        shop.family,
        [sys.executable, "-c", code],
        cwd=shop.folder,
        env={"PATH": os.defpath, "FORCE_COLOR": "1"},
    )
    assert process.wait(Deadline(WITHIN)) == 0
    assert process.output.text.startswith("Redis: redis://")
    assert "\x1b" not in process.output.text


# Lines


def test_each_kind_has_its_share_of_the_height() -> None:
    heads = ["Redis", "Waiting", "Running", "Done", "Workers"]
    for height in range(1, 60):
        lines = view(full_look(), "redis", height=height)
        headings = [text for _kind, text in lines if not text.startswith(" ")]
        assert [text.split(":")[0] for text in headings] == heads
        assert len(lines) + 2 <= max(height, 14)  # two lines are below


def full_look() -> Look:
    """A look that saw more than can be shown."""
    from atelier.queue.entries import Done, Entry
    from atelier.queue.taken import Taken

    entry = Entry("0" * 36, "tasks.add(1)")
    return Look(
        waiting=[entry] * 10,
        waiting_count=20,
        taken=[Taken(entry, Stage.RUNNING, 0.0)] * 3,
        taken_count=3,
        done=[Done("1" * 36, "SUCCESS", "1", 0.0)] * 10,
        done_count=10,
        done_complete=False,
        workers=[],
        worker_count=0,
        time=1000.0,
    )


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("tasks.add", "tasks.add"),
        ("été 値 🙂", "été 値 🙂"),
        ("a\x1b[2Jb\n", "a\\x1b[2Jb\\n"),
        ("\x85\x9b\u200b", "\\x85\\x9b…"),
        ("\u2028\u202e", "\\u2028\\u202e"),
        ("\ud800\U000e0001", "\\ud800…"),
        ("x" * 12, "x" * 12),
        ("x" * 13, "x" * 11 + "…"),
    ],
)
def test_text_is_made_printable(text: str, made: str) -> None:
    assert printable(text, 12) == made
    assert len(made) <= 12
