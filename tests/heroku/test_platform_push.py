"""Pushes with the real git, to a platform whose pipenv is a small script: it installs nothing."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from atelier.git import git
from atelier.harness.deadline import Deadline
from atelier.harness.ports import free_port
from atelier.heroku import git_server
from atelier.heroku.api import make_api
from atelier.heroku.environment import client_environment
from atelier.heroku.front_door import FrontDoor, make_front_door
from atelier.heroku.git_server import prepare_repository
from atelier.heroku.platform import Platform
from atelier.heroku.pythons import OWN
from atelier.heroku.router import Router
from tests.heroku.platform_kit import QUICK, SERVE, WITHIN, Desk

APP = "shop-one"
FILES = {
    ".python-version": f"{OWN}\n",
    "Pipfile": "[packages]\n",
    "Pipfile.lock": '{"_meta": {}, "default": {}, "develop": {}}\n',
    "Procfile": f"web: {SERVE}\nworker: exec sleep 1000\nrelease: echo prepared\n",
    "hello.txt": "hello",
}
# Says that a lock is stale when it holds this word, and waits while a file is there.
PIPENV = """#!/bin/sh
case $1 in
verify) ! grep -q stale Pipfile.lock ;;
sync) touch "{folder}/begun"; while [ -e "{folder}/wait" ]; do sleep 0.02; done
    mkdir -p .venv/bin; ! grep -q impossible Pipfile.lock || {{ echo no such package; exit 1; }} ;;
esac
"""


class Learner:
    """A project, a platform with a port, and git between them."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.folder = folder
        self.project = folder / "shop"
        self.project.mkdir()
        git(self.project, "init", "-q", "-b", "main")
        platform = desk.platform
        git(self.project, "remote", "add", "heroku", f"https://localhost:{platform.port}/{APP}.git")
        self.env = {
            **{"PATH": os.environ["PATH"], "HOME": str(folder)},
            **client_environment(platform.places, platform.port, platform.key, {}),
        }

    def commit(self, **changed: str) -> None:
        """Commit the files, some of them changed; an empty text leaves a file out."""
        for name, content in {**FILES, **changed}.items():
            (self.project / name).unlink(missing_ok=True)
            if content:
                (self.project / name).write_text(content, "utf-8")
        git(self.project, "add", "-A")
        git(self.project, "commit", "-q", "--allow-empty", "-m", "one")

    def push(self, target: str = "main", env: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Push, and return the exit code and what was printed."""
        done = subprocess.run(
            ["git", "push", "heroku", f"HEAD:refs/heads/{target}"],
            cwd=self.project,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, "\n".join(line.rstrip() for line in done.stdout.splitlines())


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Learner]:
    """A learner with a new app."""
    pipenv = tmp_path / "pipenv"
    pipenv.write_text(PIPENV.format(folder=tmp_path), "utf-8")
    pipenv.chmod(0o755)
    monkeypatch.setenv("ATELIER_PIPENV", str(pipenv))
    platform = Platform(tmp_path / "ho mé", QUICK)
    port = free_port()
    server = make_front_door(FrontDoor(make_api(platform), Router(platform)), port)
    try:
        platform.start(port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        desk = Desk(platform)
        desk.create(APP)
        yield Learner(desk, tmp_path)
    finally:
        server.shutdown()
        server.server_close()
        platform.stop()


def test_push_goes_live(learner: Learner) -> None:
    learner.commit()
    code, text = learner.push()
    assert code == 0, text
    told = [
        f"remote: -----> Using Python {OWN} specified in .python-version",
        "remote: -----> Installing dependencies using 'pipenv sync'",
        "remote:        Procfile declares types -> release, web, worker",
        "remote:        Released v3",
        "remote: prepared",
        "remote: Waiting for release.... done.",
    ]
    places = [text.index(line) for line in told]
    assert places == sorted(places)
    assert learner.desk.get("/apps/shop-one/releases")[-1]["current"]
    learner.commit(**{"hello.txt": "hello again"})
    code, text = learner.push()
    assert code == 0, text
    assert "Using cached packages" in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Procfile": ""}, "There is no Procfile"),
        ({"Procfile": "web gunicorn"}, "Procfile, line 1"),
        ({"Pipfile": ""}, "there is no Pipfile at the top"),
        ({"Pipfile.lock": ""}, "Error: No 'Pipfile.lock' found!"),
        ({"Pipfile.lock": '{"default": {}, "x": "stale"}'}, "Pipfile.lock is out of date"),
        ({"Pipfile.lock": '{"default": {"x": "impossible"}}'}, "no such package"),
        ({"Pipfile.lock": "not JSON"}, "Pipfile.lock cannot be read"),
        ({"requirements.txt": "flask\n"}, "Error: Multiple Python package manager files"),
        ({".python-version": "2.7\n"}, "Python 2.7 is not supported"),
        ({".python-version": "three\n"}, "Invalid Python version"),
    ],
)
def test_pushes_that_are_refused(learner: Learner, changed: dict[str, str], said: str) -> None:
    learner.commit(**changed)
    code, text = learner.push()
    assert code == 1
    assert said in text
    assert "remote:  !     Push rejected." in text
    assert len(learner.desk.get("/apps/shop-one/releases")) == 2
    places = learner.desk.platform.places
    for folder in (places.builds, places.slugs):
        assert not list(folder.iterdir())
    learner.commit(**dict.fromkeys(set(changed) - set(FILES), ""))  # mended, it goes through
    assert learner.push()[0] == 0


def test_only_main_is_deployed(learner: Learner) -> None:
    learner.commit()
    code, text = learner.push("celery")
    assert code == 1
    assert "Type: git push heroku celery:main" in text


def test_release_phase_that_does_not_succeed(learner: Learner) -> None:
    learner.commit(Procfile="web: x\nrelease: echo oh; exit 1\n")
    code, text = learner.push()
    assert code == 0  # the trap of the real one: the commit is there, the release is not
    assert "Waiting for release.... failed." in text
    assert learner.desk.get("/apps/shop-one/dynos") == []


def test_push_without_the_key(learner: Learner) -> None:
    learner.commit()
    code, text = learner.push(env={"GIT_CONFIG_COUNT": "1", "GIT_TERMINAL_PROMPT": "0"})
    assert code == 128
    assert "could not read Username" in text


def test_push_that_is_too_large(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_server, "_LARGEST_PUSH", 1_000_000)
    learner.commit()
    (learner.project / "large").write_bytes(os.urandom(5_000_000))
    git(learner.project, "add", "-A")
    git(learner.project, "commit", "-qm", "large")
    code, text = learner.push()
    assert code == 1
    assert "maximum allowed size" in text
    assert learner.desk.get("/account")


def test_second_push_during_a_build_is_refused(learner: Learner) -> None:
    learner.commit()
    (learner.folder / "wait").touch()
    results: list[tuple[int, str]] = []
    first = threading.Thread(target=lambda: results.append(learner.push()))
    first.start()
    wait_for(learner.folder / "begun")
    code, text = learner.push()
    assert code == 1
    assert "Another build of this app is in progress" in text
    (learner.folder / "wait").unlink()
    first.join()
    assert results[0][0] == 0, results[0][1]


def test_destroy_during_a_build(learner: Learner) -> None:
    learner.commit()
    (learner.folder / "wait").touch()
    results: list[tuple[int, str]] = []
    first = threading.Thread(target=lambda: results.append(learner.push()))
    first.start()
    wait_for(learner.folder / "begun")
    assert learner.desk.ask("DELETE", "/apps/shop-one").status_code == 200
    (learner.folder / "wait").unlink()
    first.join()
    assert results[0][0] != 0
    assert learner.desk.get("/apps") == []
    places = learner.desk.platform.places
    for folder in (places.builds, places.slugs, places.dynos):
        assert not list(folder.iterdir())


def test_repository_made_again_by_a_late_push_goes(learner: Learner) -> None:
    learner.commit()
    assert learner.push()[0] == 0
    platform = learner.desk.platform
    app_id = platform.app("shop-one").id
    place = platform.places.repository(app_id)
    platform.sweep_repository(app_id)
    assert place.is_dir()
    platform.destroy_app("shop-one")
    assert not place.exists()
    prepare_repository(place)  # a push that had found the app just before

    platform.sweep_repository(app_id)

    assert not place.exists()


def test_push_scale_and_destroy_at_once(learner: Learner) -> None:
    learner.commit()
    assert learner.push()[0] == 0
    learner.commit(**{"hello.txt": "second"})
    (learner.folder / "begun").unlink()
    desk, codes, statuses = learner.desk, [], []

    def scale() -> None:
        updates = {"updates": [{"type": "worker", "quantity": 2}]}
        statuses.append(desk.ask("PATCH", "/apps/shop-one/formation", updates).status_code)

    def destroy() -> None:
        statuses.append(desk.ask("DELETE", "/apps/shop-one").status_code)

    wanted = [lambda: codes.append(learner.push()[0]), scale, scale, destroy, scale]
    threads = [threading.Thread(target=each) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 1
    assert set(statuses) <= {200, 404}
    assert desk.get("/apps") == []
    places = desk.platform.places
    for folder in (places.builds, places.slugs, places.dynos, places.repositories):
        assert not list(folder.iterdir())
    desk.create(APP)  # it still answers, and the name is free
    assert learner.push()[0] == 0


def test_tail_comes_without_delay(learner: Learner) -> None:
    desk = learner.desk
    asked = desk.ask("POST", "/apps/shop-one/log-sessions", {"lines": 0, "tail": True})
    with httpx.stream("GET", asked.json["logplex_url"], timeout=WITHIN) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ":"
        for number in range(3):
            written = time.monotonic()
            desk.platform.live(APP).log.write("app", "web.1", f"line {number}")
            heard = next(line for line in lines if line.startswith("data: "))
            assert heard.endswith(f"app[web.1]: line {number}")
            assert time.monotonic() - written < 1.0  # a heartbeat comes after ten seconds


def wait_for(file: Path) -> None:
    deadline = Deadline(WITHIN)
    while not file.exists():
        assert not deadline.over, f"{file} did not come"
