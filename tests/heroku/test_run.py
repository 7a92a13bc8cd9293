"""`atelier heroku` as a learner runs it: in the foreground, and ended with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.process import Process


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
