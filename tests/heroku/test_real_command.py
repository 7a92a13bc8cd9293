"""The real `heroku` command and `git push heroku`, from `create` to `apps:destroy`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from atelier.course import Course
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.process import Process
from atelier.heroku.pythons import OWN
from tests.heroku.heroku_command import real_heroku

APP = "shop-of-the-test"
_WITHIN = 300.0  # seconds: a push installs the packages


class Terminal:
    """A terminal in the learner's project, pointed at the platform as its account says."""

    def __init__(self, family: Family, folder: Path, home: Path, heroku: Path) -> None:
        self.family = family
        self.project = folder / "shop"
        self.project.mkdir()
        (folder / "user").mkdir()
        self.env = {
            "PATH": f"{heroku}:{os.environ['PATH']}",
            "HOME": str(folder / "user"),
            "LANG": "C.UTF-8",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }
        said = subprocess.run(
            [sys.executable, "-m", "atelier", "heroku", "env", "--home", str(home)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "HOME": self.env["HOME"]},
        ).stdout
        printed = subprocess.run(
            ["bash", "-c", f"{said}\nenv -0"],
            capture_output=True,
            text=True,
            check=True,
            env=self.env,
        ).stdout
        pairs = (item.partition("=") for item in printed.split("\0") if item)
        self.env |= {name: value for name, _equals, value in pairs if not name.startswith("BASH")}

    def start(self, *command: str) -> Process:
        """Start a command."""
        return Process(self.family, ["env", *command], cwd=self.project, env=self.env)

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command, which must end with `code`, and return what it printed."""
        process = self.start(*command)
        ended = process.wait(Deadline(_WITHIN))
        text = process.output.text
        assert ended == code, f"$ {' '.join(command)}\n{text}"
        return text

    def heroku(self, *arguments: str, code: int = 0) -> str:
        """Run the real command."""
        return self.run("heroku", *arguments, code=code)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[tuple[Family, Path]]:
    """`atelier heroku`, as a learner runs it."""
    home = tmp_path / "ho mé"
    family = Family()
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    command = [sys.executable, "-m", "atelier", "heroku", "--home", str(home)]
    process = Process(family, command, cwd=tmp_path, env=env)
    try:
        assert process.wait_for(r"local Heroku is up|Heroku local", Deadline(60)), (
            process.output.text
        )
        yield family, home
        assert process.exit_code is None, process.output.text
        left = psutil.Process(process.pid).children(recursive=True)
        process.signal(signal.SIGINT)
        process.wait(Deadline(60))
        assert not [each for each in left if each.is_running()]
        assert "Traceback" not in process.output.text, process.output.text
        assert not list((home / "dynos").iterdir())
    finally:
        family.end()


def get(port: int, path: str) -> str:
    """Ask the router as a browser does; the name needs no resolver."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Host": f"{APP}.localhost:{port}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text: bytes = answer.read()
    return text.decode()


def makes_app_and_addons(terminal: Terminal, port: int) -> None:
    """Make the app and its add-ons, and meet what is refused."""
    assert APP in terminal.heroku("create", APP)
    assert "is already taken" in terminal.heroku("create", APP, "--no-remote", code=2)
    assert "Name must start" in terminal.heroku("create", "Shop_1", "--no-remote", code=2)
    assert APP in terminal.heroku("apps")
    assert f"http://{APP}.localhost:{port}/" in terminal.heroku("apps:info")
    assert "learner@example.org" in terminal.heroku("auth:whoami")
    assert "find" in terminal.heroku("addons:create", "heroku-redis:huge", code=2)
    assert "REDIS_URL" in terminal.heroku("addons:create", "heroku-redis:mini")
    assert "DATABASE_URL" in terminal.heroku("addons:create", "heroku-postgresql:essential-0")
    addons = terminal.heroku("addons")
    assert "mini" in addons
    assert "essential-0" in addons


def sets_config_vars(terminal: Terminal) -> None:
    """Set, read and unset config vars."""
    value = "two\nlines, 'quotes' and \"more\""
    terminal.heroku("config:set", f"GREETING={value}", "OTHER=1")
    assert terminal.heroku("config:get", "GREETING").rstrip("\n") == value
    terminal.heroku("config:unset", "OTHER")
    config = terminal.heroku("config")
    assert "OTHER" not in config
    assert "rediss://" in config
    assert "postgres://" in config


def pushes(terminal: Terminal, tmp_path: Path) -> None:
    """Be refused, then deploy."""
    assert "No app" not in terminal.heroku("ps")
    refused = terminal.run("git", "push", "heroku", "celery", code=1)
    assert "remote:  !     Type: git push heroku celery:main" in refused
    (terminal.project / "Procfile").rename(tmp_path / "Procfile")
    terminal.run("git", "commit", "-qam", "No Procfile")
    assert "no Procfile" in terminal.run("git", "push", "heroku", "celery:main", code=1)
    (tmp_path / "Procfile").rename(terminal.project / "Procfile")
    terminal.run("git", "add", "-A")
    terminal.run("git", "commit", "-qm", "Procfile")
    pushed = terminal.run("git", "push", "heroku", "celery:main")
    assert f"Using Python {OWN} specified in .python-version" in pushed
    assert "Procfile declares types -> release, web, worker" in pushed
    assert "Waiting for release.... done." in pushed


def scales(terminal: Terminal, port: int) -> None:
    """Visit the app, start the worker, and watch it do a task."""
    assert get(port, "/api/v1/products") == "[]\n"
    assert "web.1: up" in terminal.heroku("ps")
    began = time.monotonic()
    terminal.heroku("ps:scale", "worker=1", "web=1")
    tail = terminal.start("heroku", "logs", "--tail", "--num", "1500")
    assert tail.wait_for(r"celery@\S+ ready\.", Deadline(60)), tail.output.text
    print(f"worker ready after {time.monotonic() - began:.1f} s")
    get(port, "/api/v1/products")
    assert tail.wait_for(r"app\[worker\.1\].*Task tasks\.very_slow_add\S* received", Deadline(30))
    assert tail.wait_for(r"app\[worker\.1\].*Task tasks\.very_slow_add\S* succeeded", Deadline(30))
    tail.signal(signal.SIGINT)
    terminal.heroku("ps:restart", "worker.1")
    assert "Couldn't find that process type" in terminal.heroku("ps:scale", "cron=1", code=2)
    assert "more than 10" in terminal.heroku("ps:scale", "worker=99", code=2)


def reads_logs(terminal: Terminal) -> None:
    """Read parts of the log."""
    assert len(terminal.heroku("logs", "--num", "3").splitlines()) == 3
    only = terminal.heroku("logs", "--process-type", "worker")
    assert "[worker.1]" in only
    assert "[router]" not in only
    assert re.search(r"heroku\[router\]: at=info method=GET path=", terminal.heroku("logs"))


def rolls_back(terminal: Terminal) -> None:
    """List the releases and roll back."""
    assert "Deploy" in terminal.heroku("releases")
    terminal.heroku("config:set", "GREETING=changed")
    terminal.heroku("rollback")
    assert "two\nlines" in terminal.heroku("config:get", "GREETING")
    assert "Rollback to" in terminal.heroku("releases")
    terminal.heroku("git:remote", "--app", APP)


def destroys(terminal: Terminal) -> None:
    """Meet what is not offered, and destroy all."""
    assert "not offered" in terminal.heroku("run", "bash", code=2)
    redis = re.search(r"redis-\w+-\d+", terminal.heroku("addons"))
    assert redis
    terminal.heroku("addons:destroy", redis[0], "--confirm", APP)
    assert "REDIS_URL" not in terminal.heroku("config")
    terminal.heroku("apps:destroy", "--confirm", APP)
    assert APP not in terminal.heroku("apps")
    assert "Couldn't find that app" in terminal.heroku("config", "--app", APP, code=2)


def test_from_create_to_destroy(
    platform: tuple[Family, Path], tmp_path: Path, course: Course
) -> None:
    tree = dict(course.tree(course.steps[-1]))
    if "Procfile" not in tree:
        pytest.skip("the course does not deploy yet: its last step has no Procfile")
    heroku = real_heroku()
    family, home = platform
    terminal = Terminal(family, tmp_path, home, heroku)
    port = int(terminal.env["HEROKU_HOST"].rpartition(":")[2])
    for name, content in tree.items():
        file = terminal.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (terminal.project / ".python-version").write_text(f"{OWN}\n")
    terminal.run("git", "init", "-q", "-b", "celery")
    terminal.run("git", "add", "-A")
    terminal.run("git", "commit", "-q", "-m", "The shop")
    makes_app_and_addons(terminal, port)
    sets_config_vars(terminal)
    pushes(terminal, tmp_path)
    scales(terminal, port)
    reads_logs(terminal)
    rolls_back(terminal)
    destroys(terminal)
