"""The real `heroku` command and `git push heroku`, from `create` to `apps:destroy`."""

from __future__ import annotations

import os
import re
import signal
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response, request

from atelier.course import Course, write_tree
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import free_port
from atelier.harness.process import Process
from atelier.heroku.api import make_api
from atelier.heroku.environment import client_environment
from atelier.heroku.front_door import FrontDoor, make_front_door
from atelier.heroku.platform import Platform
from atelier.heroku.pythons import OWN
from atelier.heroku.router import Router
from tests.heroku.heroku_command import real_heroku
from tests.heroku.official_schema import assert_fits

APP = "shop-of-the-test"
_NO_PROXY_THERE = "http://127.0.0.1:1"
_WITHIN = 300.0  # seconds: a push installs the packages
# What a path is about, told by its last known word.
_RESOURCES = {
    "account": "account",
    "addon-attachments": "add-on-attachment",
    "addons": "add-on",
    "apps": "app",
    "collaborators": "collaborator",
    "dynos": "dyno",
    "formation": "formation",
    "log-sessions": "log-session",
    "releases": "release",
}


class Shop:
    """A terminal in the finished app, pointed at a platform, whose answers are kept."""

    def __init__(self, platform: Platform, folder: Path, family: Family) -> None:
        self.platform = platform
        self.project = folder / "shop"
        self.answers: list[tuple[str, int, Any]] = []
        self._family = family
        self._env = {
            "PATH": f"{real_heroku()}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "BROWSER": "true",
            # A proxy where nobody listens: what is on this machine is not asked of it.
            **dict.fromkeys((f"{kind}_proxy" for kind in ("http", "https")), _NO_PROXY_THERE),
            **dict.fromkeys((f"{kind}_PROXY" for kind in ("HTTP", "HTTPS")), _NO_PROXY_THERE),
            **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "ada@example.org" for who in ("AUTHOR", "COMMITTER")},
        }

    def keep(self, response: Response) -> Response:
        """Keep what the API answers."""
        if response.is_json:
            self.answers.append((request.path, response.status_code, response.get_json()))
        return response

    def point_at_platform(self) -> None:
        """Set what `atelier heroku env` prints."""
        self._env |= client_environment(
            self.platform.places, self.platform.port, self.platform.key, self._env
        )

    def start(self, *command: str) -> Process:
        """Start a command."""
        return Process(self._family, ["env", *command], cwd=self.project, env=self._env)

    def run(self, *commands: str, code: int = 0) -> list[str]:
        """Run commands side by side, each of which must end with `code`; return what they print.

        Node takes over a second to start: one after the other, they would be waited for.
        """
        started = [(command, self.start(*command.split(" "))) for command in commands]
        for command, process in started:
            ended = process.wait(Deadline(_WITHIN))
            assert ended == code, f"$ {command}\n{process.output.text}"
        return [process.output.text for _command, process in started]

    def visit(self, path: str) -> str:
        """Ask the router as a browser does; the name needs no resolver."""
        port = self.platform.port
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", headers={"Host": f"{APP}.localhost:{port}"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            text: bytes = answer.read()
        return text.decode()

    def wait_for_release(self) -> None:
        """Wait until the release phase of the newest release is over."""
        deadline = Deadline(_WITHIN)
        live = self.platform.live(APP)
        while self.platform.store.releases(live.id)[-1].status == "pending":
            assert not deadline.over


@pytest.fixture
def shop(tmp_path: Path, course: Course) -> Iterator[Shop]:
    """The finished app in git, and a platform on a port."""
    platform, family = Platform(tmp_path / "ho mé"), Family()
    api = make_api(platform)
    server = make_front_door(FrontDoor(api, Router(platform)), port := free_port())
    try:
        shop = Shop(platform, tmp_path, family)
        api.after_request(shop.keep)
        write_tree(course.tree(course.steps[-1]), shop.project)
        (shop.project / ".python-version").write_text(f"{OWN}\n")
        shop.run("git init -q -b celery")
        shop.run("git add -A")
        shop.run("git commit -q -m shop")
        platform.start(port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shop.point_at_platform()
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        platform.stop()
        family.end()


def makes_app_and_addons(shop: Shop) -> None:
    """Make the app and its add-ons, set and unset config vars, meet what is refused."""
    [made] = shop.run(f"heroku create {APP}")
    assert APP in made
    shop.run("heroku config:set REDIS_URL=redis://localhost:1 GREETING=hello,\tyou OTHER=1")
    [_made, redis] = shop.run(
        "heroku addons:create heroku-postgresql:essential-0 --wait",
        "heroku addons:create heroku-redis:mini --wait",
    )
    assert "REDIS_URL" in redis
    [refused, taken] = shop.run(
        "heroku addons:create heroku-redis:huge", f"heroku create {APP} --no-remote", code=2
    )
    assert "Couldn't find" in refused
    assert "is already taken" in taken
    shop.run("heroku config:unset OTHER")
    apps, info, who, addons, config, one = shop.run(
        *("heroku apps", "heroku apps:info --shell", "heroku auth:whoami", "heroku addons"),
        *("heroku config", "heroku config:get GREETING"),
    )
    assert APP in apps
    assert f"web_url=http://{APP}.localhost:{shop.platform.port}/" in info
    assert "undefined" not in info
    assert "learner@example.org" in who
    assert "mini" in addons
    assert "essential-0" in addons
    assert re.search(r"REDIS_URL: +rediss://", config)
    assert re.search(r"DATABASE_URL: +postgres://", config)
    assert "OTHER" not in config
    assert one == "hello,\tyou\n"


def pushes(shop: Shop) -> None:
    """Be refused, then deploy."""
    [refused] = shop.run("git push heroku celery", code=1)
    assert "remote:  !     Type: git push heroku celery:main" in refused
    [pushed] = shop.run("git push heroku celery:main")
    assert f"Using Python {OWN} specified in .python-version" in pushed
    assert "Procfile declares types -> release, web, worker" in pushed
    assert "Waiting for release.... done." in pushed


def works(shop: Shop) -> None:
    """Visit the app, start the worker, watch it do a task."""
    assert shop.visit("/api/v1/products") == "[]\n"
    tail = shop.start("heroku", "logs", "--tail", "--num", "1500")
    ps, opened = shop.run("heroku ps", "heroku open")
    assert "web.1: up" in ps
    assert "worker" not in ps
    assert f"http://{APP}.localhost:{shop.platform.port}" in opened
    shop.run("heroku ps:scale worker=1 web=1")
    assert tail.wait_for(r"app\[worker\.1\]: .*celery@\S+ ready\.", Deadline(60))
    shop.visit("/api/v1/products")
    for done in ("received", "succeeded"):
        line = rf"app\[worker\.1\]: .*Task tasks\.\w+\[\S+\] {done}"
        assert tail.wait_for(line, Deadline(30)), tail.output.text
    tail.signal(signal.SIGINT)
    shop.run("heroku ps:restart worker.1")
    last, only = shop.run("heroku logs --num 3", "heroku logs --process-type worker")
    assert len(last.splitlines()) == 3
    assert "[worker.1]" in only
    assert "[router]" not in only
    assert re.search(r"heroku\[router\]: at=info method=GET path=", tail.output.text)


def rolls_back(shop: Shop) -> None:
    """Make another release, and go back."""
    shop.run("heroku ps:scale web=0 worker=0")
    shop.run("heroku config:set GREETING=changed")
    shop.wait_for_release()
    shop.run("heroku rollback")
    releases, greeting = shop.run("heroku releases", "heroku config:get GREETING")
    assert "Deploy" in releases
    assert "Rollback to" in releases
    assert greeting == "hello,\tyou\n"
    shop.run("git remote remove heroku")
    shop.run(f"heroku git:remote --app {APP}")


def destroys(shop: Shop) -> None:
    """Meet what is not offered, and destroy all."""
    [run] = shop.run("heroku run bash", code=2)
    assert "not offered" in run
    [redis] = [a.name for a in shop.platform.store.addons() if "redis" in a.plan]
    shop.run(f"heroku addons:destroy {redis} --confirm {APP}")
    shop.run(f"heroku apps:destroy --confirm {APP}")
    [apps] = shop.run("heroku apps")
    assert APP not in apps
    [gone] = shop.run(f"heroku config --app {APP}", code=2)
    assert "Couldn't find that app" in gone
    for folder in (shop.platform.places.dynos, shop.platform.places.slugs):
        assert not list(folder.iterdir())


def test_from_create_to_destroy(shop: Shop) -> None:
    makes_app_and_addons(shop)
    pushes(shop)
    works(shop)
    rolls_back(shop)
    destroys(shop)
    for file in (".gitconfig", ".netrc", ".config/git/config"):  # the user's own settings
        assert not (shop.project.parent / file).exists()
    seen = set()
    for path, status, answer in shop.answers:
        kind = next((_RESOURCES[w] for w in reversed(path.split("/")) if w in _RESOURCES), None)
        if status >= 400:
            assert set(answer) == {"id", "message"}, path
        elif kind is not None and "config-vars" not in path:
            for each in answer if isinstance(answer, list) else [answer]:
                if each:  # a restart answers an empty object
                    assert_fits(kind, each)
                    seen.add(kind)
    assert seen == set(_RESOURCES.values())
