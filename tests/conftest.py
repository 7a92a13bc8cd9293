"""What the tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from atelier.course import Course, workshop_root


def pytest_configure() -> None:
    """Let Ctrl-C mean Ctrl-C in what the tests start, also when they run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: the other core does the rest meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_lessons_followed.py")


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this workshop."""
    return Course(workshop_root())


@pytest.fixture(autouse=True)
def own_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the tests away from what is remembered on this machine."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
