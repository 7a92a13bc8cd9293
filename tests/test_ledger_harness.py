"""What the ledger's criteria look with: the commands of a Redis, and servers in a folder."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from atelier.harness.interpreter import own_interpreter
from atelier.harness.monitor import Monitor
from atelier.harness.pyramid import start_module_server, start_pserve
from atelier.harness.redis_server import RedisServer
from atelier.harness.source import Source
from atelier.harness.world import World
from atelier.verdicts import NotYet, ProgramStopped

FOLDER = "small"
SERVER = """
import http.server, os
handler = http.server.BaseHTTPRequestHandler
port = int(os.environ["PORT"])
with http.server.HTTPServer(("127.0.0.1", port), handler) as server:
    server.serve_forever()
"""


def test_monitor_tells_each_command_and_its_connection(redis_server: RedisServer) -> None:
    monitor = Monitor(redis_server)
    one, other = redis_server.client(), redis_server.client()
    one.rpush("list", 'say "10"', 2)
    one.rpush("list", 3)
    assert other.llen("list") == 3
    asked = [each for each in monitor.heard() if "list" in each.words]
    assert [each.words[0].lower() for each in asked] == ["rpush", "rpush", "llen"]
    assert asked[0].words[2:] == (r"say \"10\"", "2")
    assert asked[0].address == asked[1].address != asked[2].address
    one.delete("list")
    assert len([each for each in monitor.heard() if "list" in each.words]) == len(asked) + 1
    monitor.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    project = tmp_path / "shop"
    (project / FOLDER).mkdir(parents=True)
    with World(Source(project, own_interpreter())) as made:
        yield made


def test_module_server_listens_where_it_is_told(world: World) -> None:
    (world.root / FOLDER / "page.py").write_text(textwrap.dedent(SERVER))
    assert start_module_server(world, FOLDER, "page").get("/").status == 501


def test_module_server_that_stops_is_told(world: World) -> None:
    with pytest.raises(ProgramStopped, match="python -m nothing"):
        start_module_server(world, FOLDER, "nothing")


def test_no_folder_and_no_section_are_not_yet_there(world: World) -> None:
    with pytest.raises(NotYet, match="elsewhere"):
        start_module_server(world, "elsewhere", "page")
    (world.root / FOLDER / "config.ini").write_text("[app:main]\nuse = call:page:main\n")
    with pytest.raises(NotYet, match="server:main"):
        start_pserve(world, FOLDER, "config.ini")
