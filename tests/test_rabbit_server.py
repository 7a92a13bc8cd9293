"""The RabbitMQ of a check: apart from the system's, and gone with the check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from amqp import Connection, Message

from atelier.harness import rabbit_server
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.interpreter import own_interpreter
from atelier.harness.ports import HeldPort, listens
from atelier.harness.process import Process
from atelier.harness.rabbit_server import RabbitServer, programs
from atelier.harness.source import Source
from atelier.harness.world import World
from atelier.verdicts import Skipped


@pytest.fixture
def ports() -> Iterator[list[int]]:
    held = [HeldPort() for _number in range(3)]
    for port in held:
        port.lend()
    yield [port.number for port in held]
    for port in held:
        port.release()


def test_apart_and_gone_with_its_family(tmp_path: Path, ports: list[int]) -> None:
    try:
        programs()
    except Skipped as none:
        pytest.skip(str(none))
    family = Family()
    server = RabbitServer(family, tmp_path / "rabbitmq", ports[0], (ports[1], ports[2]))
    try:
        server.start()
        assert server.waiting() == 0  # no such queue yet
        with Connection(f"127.0.0.1:{server.port}") as connection:
            channel = connection.channel()
            channel.queue_declare("celery", auto_delete=False)
            channel.basic_publish(Message(json.dumps({})), routing_key="celery")
        assert server.wait_for_messages(1, Deadline(10)) == 1
        listed = server.control("--quiet", "list_queues", "name", "messages") or ""
        assert listed.split() == ["name", "messages", "celery", "1"]
        assert (tmp_path / "rabbitmq" / ".erlang.cookie").is_file()
        server.stop()
        assert not server.running
        assert not listens(server.port)
    finally:
        family.end()
    assert list(family._members()) == []  # its epmd had left for a session of its own


def test_it_has_stopped_once_nothing_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ports: list[int]
) -> None:
    """A busy machine takes its time to end what was killed: until then it takes messages."""
    family = Family()
    server = RabbitServer(family, tmp_path, ports[0], (ports[1], ports[2]))
    server._process = Process(family, ["sleep", "100"], cwd=tmp_path, env={})
    answers = iter([True, True, False])
    monkeypatch.setattr(rabbit_server, "listens", lambda port: next(answers))
    server.stop()
    assert list(answers) == []


def test_none_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Skipped):
        rabbit_server.programs()


def test_a_learners_own_rabbitmq_is_left_alone(tmp_path: Path) -> None:
    line = "CELERY_BROKER_URL=amqp://guest:guest@localhost:5672//"
    (tmp_path / ".env").write_text(f"REDIS_URL=redis://localhost:6379\n{line}\n")
    with World(Source(tmp_path, own_interpreter()), redis=False) as world:
        assert world.env["CELERY_BROKER_URL"] == world.redis_server.url
        assert "amqp" not in (world.root / ".env").read_text()
