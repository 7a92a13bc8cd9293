"""The learner's queue and their servers' output, beside the lesson."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from atelier.harness.family import Family
from atelier.harness.redis_server import RedisServer
from atelier.i18n import choose_language
from tests.live_kit import Served, Tab, serving
from tests.projects import WORKSHOP_BIN
from tests.small_course import write

SERVER = """\
from atelier.checks import _, criterion, expect
from atelier.harness.deadline import Deadline


@criterion(_("It serves"))
def test_serves(world):
    says = "echo '<b>hello</b>' from $PWD; printf '\\\\033[31mred'"
    process = world.start(["/bin/sh", "-c", says])
    expect(process.wait(Deadline(20)) == 0, _("Expected: nothing."))
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    choose_language("en")
    with serving(tmp_path, beat=0.2) as found:
        yield found


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    family = Family()
    server = RedisServer(family, tmp_path, {"PATH": os.defpath})
    try:
        yield server
    finally:
        family.end()
        server.release()


def test_queue_is_looked_at_while_a_tab_shows_it(live: Served, redis: RedisServer) -> None:
    quiet = Tab(live.address)
    tab = Tab(live.address, language="fr", queue="")
    says = [
        f"{live.project / '.env'} n’a pas de ligne REDIS_URL",
        f"Redis ne répond pas à l’adresse {redis.url}",
        "En attente\N{NO-BREAK SPACE}: 0",
        "En attente\N{NO-BREAK SPACE}: 1",
    ]

    def until(words: str) -> None:
        tab.until(lambda state: words in " ".join(text for _kind, text in state["queue"]))

    until(says[0])
    with (live.project / ".env").open("a") as file:
        file.write(f"\nREDIS_URL={redis.url}\n")
    until(says[1])
    redis.start()
    until(says[2])
    with closing(redis.client()) as client:
        client.lpush("celery", "<script>")
        until(says[3])
        tab.close()
        assert "queue" not in quiet.phase("done")
        quiet.close()


def test_output_of_the_last_check_on_demand(live: Served) -> None:
    tab = Tab(live.address)
    tab.phase("done")
    assert "no server" in tab.ask("output")["lines"][0]
    write(live.course.root, "exercises/01-greet/test_serves.py", SERVER)
    (live.project / ".venv").rmdir()
    (live.project / ".venv").symlink_to(WORKSHOP_BIN.parent)
    tab.ask("again")
    tab.until(lambda state: state["phase"] == "done" and len(state["criteria"]) == 3)
    [[command, text]] = tab.ask("output")["output"]
    assert command.startswith("sh -c echo")
    assert text == "<b>hello</b> from .\nred"
    tab.close()
