"""What workers are asked over Redis, by one and the same process, world after world."""

from __future__ import annotations

import threading

from atelier.answers import project_with
from atelier.course import Course
from atelier.harness.redis_server import RedisServer
from atelier.harness.remote_control import RemoteControl
from atelier.harness.world import World


def ping(server: RedisServer, seconds: float) -> object:
    control = RemoteControl(server.client())
    try:
        return control.first_answer(seconds, "ping")
    finally:
        control.close()


def test_nobody_is_there(redis_server: RedisServer) -> None:
    assert ping(redis_server, 0.2) is None
    assert not redis_server.client().keys()  # the way for answers is taken back


def test_a_server_that_comes_back_at_the_same_address_is_asked_anew(
    redis_server: RedisServer,
) -> None:
    for _life in range(2):
        assert ping(redis_server, 0.1) is None
        redis_server.stop()
        redis_server.start()


def test_a_worker_is_waited_for_and_answers(course: Course) -> None:
    tree = course.tree(course.step("10-first-task"))
    with project_with(tree) as source, World(source) as world:
        answers: list[object] = []
        asking = threading.Thread(target=lambda: answers.append(ping(world.redis, 60)))
        asking.start()
        assert world.worker.answers()
        asking.join()
        assert answers == [{"ok": "pong"}]
        assert world.worker.concurrency() == 4
        world.worker.stop()
        assert not world.worker.answers(0.2)
