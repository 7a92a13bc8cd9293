"""`atelier heroku` as a learner runs it: in the foreground, and ended with Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.process import Process
from atelier.heroku.addons import PLANS
from tests.heroku.addon_kit import places_of


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "ho mé"


def command(home: Path, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "atelier",
        "--lang",
        "en",
        "heroku",
        *arguments,
        "--home",
        f"{home}",
    ]


def typed(home: Path, *arguments: str) -> tuple[int, str]:
    """Type a command, and return its exit code and what it printed."""
    done = subprocess.run(
        command(home, *arguments), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def running(home: Path, tmp_path: Path) -> Iterator[Process]:
    family = Family()
    try:
        process = Process(family, command(home), cwd=tmp_path, env=dict(os.environ))
        assert process.wait_for("Ctrl-C stops it", Deadline(60)), process.output.text
        yield process
    finally:
        family.end()


def test_nobody_else_reaches_it_and_reset_leaves_nothing(running: Process, home: Path) -> None:
    said = re.search(r"http://localhost:[0-9]+", running.output.text)
    key = re.search(r"HEROKU_API_KEY=(\S+)", typed(home, "env")[1])
    assert said is not None and key is not None
    bearer = {"Authorization": f"Bearer {key[1]}"}
    with httpx.Client(base_url=said[0], headers=bearer, timeout=60) as client:
        client.post("/apps", json={"name": "shop-one"}).raise_for_status()
        for plan in PLANS:
            made = client.post("/apps/shop-one/addons", json={"plan": {"name": plan}})
            made.raise_for_status()
        stranger = client.get("/apps", headers={"Authorization": "Bearer no"})
    assert (stranger.status_code, stranger.json()["id"]) == (401, "unauthorized")
    platform = psutil.Process(running.pid)
    listening = set()
    for process in (platform, *platform.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # a server's helper has ended
            connections = process.net_connections("inet")
            listening |= {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    addons = places_of(home / "addons")
    running.signal(signal.SIGINT)
    assert running.wait(Deadline(60)) == 130
    assert typed(home, "reset")[0] == 0
    assert list(home.iterdir()) == []
    assert not any(place.exists() for place in addons)


def test_up_and_down(running: Process, home: Path) -> None:
    code, settings = typed(home, "env")
    assert code == 0
    said = re.search(r"http://localhost:[0-9]+", running.output.text)
    assert said is not None
    assert f"export HEROKU_HOST={said[0]}\n" in settings
    assert typed(home) == (1, f"The local Heroku already runs in {home}.\n")
    code, refusal = typed(home, "reset")
    assert code == 1
    assert "stop it first" in refusal
    running.signal(signal.SIGINT)
    assert running.wait(Deadline(60)) == 130
    assert "Traceback" not in running.output.text
    assert typed(home, "env") == (0, settings)  # its port and its key stay
    assert typed(home, "reset")[0] == 0
    code, refusal = typed(home, "env")
    assert code == 1
    assert "not started yet" in refusal
