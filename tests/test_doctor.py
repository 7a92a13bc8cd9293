"""`doctor`: what stops learners is named, with what to do; a report tells nothing private."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from atelier.course import Course
from atelier.doctor import examine, machine, project
from atelier.doctor.line import Level, Line
from atelier.git import git
from atelier.i18n import choose_language
from tests.projects import atelier, make_project


@pytest.fixture(autouse=True)
def in_english() -> None:
    choose_language("en")


@pytest.fixture
def shop(course: Course, tmp_path: Path) -> Path:
    folder = make_project(course, tmp_path / "shop", "08")
    git(folder, "init", "--quiet")
    return folder


def test_exit_code_page_and_json(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "ATELIER_PIPENV": "/nowhere/pipenv"}

    page = atelier("doctor", "--lang", "fr", env=env)

    assert page.returncode == 1, page
    assert "pipenv ne démarre pas" in page.stdout
    assert "script/start" in page.stdout
    found = json.loads(atelier("doctor", "--json", env=env).stdout)
    assert found["level"] == "fix"
    levels = {line["id"]: line["level"] for line in found["lines"]}
    assert (levels["pipenv"], levels["python"], levels["redis"]) == ("fix", "ready", "ready")


def test_git_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    line = machine.git_and_identity()
    assert line.level is Level.FIX
    assert "git config --global user.name" in line.fix
    monkeypatch.setenv("PATH", "/nowhere")
    assert machine.git_and_identity().level is Level.ASK


def test_packages_beside_their_lock(shop: Path) -> None:
    lock = json.loads((shop / "Pipfile.lock").read_text())
    assert project.packages(shop).level is Level.READY
    lock["default"]["flask"]["version"] = "==0.1"
    lock["default"]["not-there"] = {"version": "==1.0"}
    lock["default"]["elsewhere"] = {"version": "==1.0", "markers": "sys_platform == 'win32'"}
    (shop / "Pipfile.lock").write_text(json.dumps(lock))
    line = project.packages(shop)
    assert (line.level, line.fix) == (Level.FIX, "pipenv sync --dev")
    assert "2 packages" in line.text
    assert "flask, not-there" in line.text
    (shop / "Pipfile.lock").write_text("{")
    assert project.packages(shop).fix == "pipenv lock"
    (shop / ".venv").unlink()
    assert project.packages(shop).fix == "pipenv sync --dev"


def test_secrets_in_git(shop: Path) -> None:
    assert project.dotenv(shop).level is Level.READY
    git(shop, "add", "--force", ".env")
    assert project.dotenv(shop).fix == "git rm --cached .env"


def test_a_port_that_another_program_holds(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        [taken] = project.ports(tmp_path, (port,))
        [ours] = project.ports(Path.cwd(), (port,))  # it works in the project's folder
    [free] = project.ports(tmp_path, (port,))
    assert (taken.level, ours.level, free.level) == (Level.FIX, Level.READY, Level.READY)
    assert str(port) in taken.text


@pytest.mark.parametrize(
    ("release", "place", "level"),
    [
        ("6.1.0", "/mnt/c/shop", Level.READY),
        ("5.15.90.1-microsoft-standard-WSL2", "/home/a/shop", Level.READY),
        ("5.15.90.1-microsoft-standard-WSL2", "/mnt/c/shop", Level.FIX),
        ("4.4.0-19041-Microsoft", "/home/a/shop", Level.ASK),
    ],
)
def test_windows_folders(release: str, place: str, level: Level) -> None:
    assert machine.wsl(Path(place), release=release).level is level


def test_what_slows_or_stops(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert machine.proxy().level is Level.READY
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    assert "NO_PROXY=localhost" in machine.proxy().fix
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert machine.proxy().level is Level.READY
    monkeypatch.setattr(machine, "_SLOW_START", 0.0)
    assert "antivirus" in machine.process_start().text
    monkeypatch.setattr(machine, "_LEAST_DISK", 2**80)
    assert machine.disk(tmp_path).level is Level.FIX
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert machine.clock().level is Level.ASK
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    assert "chmod" in project.writable(tmp_path).fix


def test_a_look_that_stops_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Line:
        raise ValueError("odd machine")

    monkeypatch.setattr(machine, "clock", broken)
    lines = {line.id: line for line in examine.examine(Path("/"), None)}
    assert lines["clock"].level is Level.ASK
    assert "odd machine" in lines["clock"].text
    assert "start" in lines


def test_a_report_tells_nothing_private(
    shop: Path, monkeypatch: pytest.MonkeyPatch, fs_home: Callable[[str], Path]
) -> None:
    home = fs_home("claire")
    monkeypatch.setenv("SHOP_API_KEY", "k3y-of-the-shop")
    (shop / ".env").write_text(
        "FLASK_RUN_PORT=8000\nREDIS_URL=redis://:hunter2hunter2@host.example:6379\n"
        "MAIL=claire@example.org\n"
    )
    lines = [
        Line("a", Level.READY, f"{home}/shop and claire and k3y-of-the-shop, port 8000"),
        Line("b", Level.FIX, "postgres://claire:pw12345@db/x clairement", "claire@example.org"),
    ]

    text = examine.report(lines, shop, "redis")

    for private in ("k3y", "hunter2", "pw12345", "claire ", "claire@", str(home)):
        assert private not in text
    assert "~/shop and user" in text
    assert "port 8000" in text
    assert "clairement" in text  # another word


@pytest.fixture
def fs_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        home = tmp_path / "home" / name
        home.mkdir(parents=True)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("USER", name)
        monkeypatch.setenv("LOGNAME", name)
        return home

    return make
