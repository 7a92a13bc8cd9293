"""What the tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from atelier.course import Course, workshop_root

if TYPE_CHECKING:
    from atelier.harness.redis_server import RedisServer


def pytest_configure() -> None:
    """Let Ctrl-C and a closed terminal be heard by what the tests start, also in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each process begin with what takes longest; the rest fills the gaps.

    Each process is given its share of the list as pytest-xdist's `worksteal` cuts it, and helps
    others when it is done.
    """
    longest = [item for item in items if item.path.name == "test_lessons_followed.py"]
    others = [item for item in items if item not in longest]
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    left = len(items)
    items.clear()
    for number in range(processes):
        size = left // (processes - number)
        first = longest[number::processes]
        share = max(0, size - len(first))
        items += [*first, *others[:share]]
        del others[:share]
        left -= size
    items += others


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this workshop."""
    return Course(workshop_root())


@pytest.fixture(autouse=True)
def own_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the tests away from what is remembered on this machine."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server of the test's own, running."""
    from atelier.harness.family import Family
    from atelier.harness.redis_server import RedisServer

    family = Family()
    server = RedisServer(family, tmp_path, {"PATH": os.defpath})
    server.start()
    yield server
    family.end()
    server.release()
