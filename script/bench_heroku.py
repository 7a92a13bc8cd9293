"""What the local Heroku costs: a push beside `pipenv sync` alone, a worker that is scaled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from atelier.course import Course, write_tree
from atelier.git import git
from atelier.harness.interpreter import pipenv_command, pipenv_environment
from atelier.harness.ports import free_port
from atelier.heroku.api import make_api
from atelier.heroku.dyno_environment import dyno_environment
from atelier.heroku.environment import client_environment
from atelier.heroku.front_door import FrontDoor, make_front_door
from atelier.heroku.logs import Filter
from atelier.heroku.platform import Platform
from atelier.heroku.pythons import OWN
from atelier.heroku.router import Router
from script.bench_table import fixed, row

APP = "bench"
PUSHED = 15.0  # seconds, from a push to an answer, with a warm cache of packages
WORKER = 3.0  # seconds
# What the log of a worker says: the platform of its dyno, and the worker itself.
UP, ENDED, READY = "to up", "exited with status", " ready."


def heroku_rows(course: Course) -> None:
    """Print the rows of the local Heroku."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, deployed(course, scratch) as shop:
        shop.sync("warm")  # fills pipenv's cache
        floor = shop.sync("floor")
        print(f"{'pipenv sync alone':30} {floor:8.4f} s   the floor of a push")
        fixed("push to answer", shop.push("first"), PUSHED)
        row("push again, same lock", shop.push("second"), floor, f"{floor:.2f} (pipenv sync)")
        alone = shop.worker_alone()
        print(f"{'worker without Heroku':30} {alone:8.4f} s   the floor of a scaled worker")
        fixed("worker up, by the API", shop.worker(shop.ask_for_workers(1), UP), WORKER)
        shop.worker(shop.ask_for_workers(0), ENDED)
        fixed("worker ready, by the API", shop.worker(shop.ask_for_workers(1), READY), WORKER)
        if shutil.which("heroku") is None:
            print("worker ready, by heroku: left out, there is no heroku command here")
            return
        cli = timed(lambda: shop.heroku("ps"))
        shop.worker(lambda: shop.heroku("ps:scale", "worker=0"), ENDED)
        seconds = shop.worker(lambda: shop.heroku("ps:scale", "worker=1"), READY)
        fixed("worker ready, by heroku", seconds, WORKER, cli, "heroku ps")


class Shop:
    """The finished app, and a platform that it is pushed to."""

    def __init__(self, platform: Platform, folder: Path, course: Course) -> None:
        self._platform = platform
        self._folder = folder
        self._project = folder / "shop"
        write_tree(course.tree(course.steps[-1]), self._project)
        (self._project / ".python-version").write_text(f"{OWN}\n", "utf-8")
        git(self._project, "init", "-q", "-b", "main")
        remote = f"https://localhost:{platform.port}/{APP}.git"
        git(self._project, "remote", "add", "heroku", remote)
        self._environment = {
            **os.environ,
            **client_environment(platform.places, platform.port, platform.key, os.environ),
        }
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{platform.port}",
            headers={"Authorization": f"Bearer {platform.key}"},
            timeout=120,
        )
        self._ask("POST", "/apps", {"name": APP})
        for plan in ("heroku-postgresql", "heroku-redis"):
            self._ask("POST", f"/apps/{APP}/addons", {"plan": plan})

    def sync(self, name: str) -> float:
        """Return the seconds that pipenv takes to install the lock in a new environment."""
        folder = self._folder / name
        folder.mkdir()
        for file in ("Pipfile", "Pipfile.lock"):
            shutil.copy(self._project / file, folder)
        environment = {**pipenv_environment(folder), "PIPENV_VENV_IN_PROJECT": "1"}
        command = [pipenv_command() or "pipenv", "sync", "--python", sys.executable]
        return timed(
            lambda: subprocess.run(
                command, cwd=folder, env=environment, check=True, capture_output=True
            )
        )

    def push(self, text: str) -> float:
        """Commit a new home page, push it, and return the seconds until it answers."""
        wsgi = self._project / "wsgi.py"
        wsgi.write_text(
            f'{wsgi.read_text("utf-8")}\n\n@app.get("/{text}")\ndef {text}():\n    return "here"\n'
        )
        git(self._project, "add", "-A")
        git(self._project, "commit", "-q", "-m", text)

        def push_and_ask() -> None:
            subprocess.run(
                ["git", "push", "-q", "heroku", "main"],
                cwd=self._project,
                env=self._environment,
                check=True,
                capture_output=True,
            )
            while self._client.get(f"/{text}", headers={"Host": f"{APP}.localhost"}).text != "here":
                pass

        return timed(push_and_ask)

    def ask_for_workers(self, quantity: int) -> Callable[[], None]:
        """Return what scales the worker by the API."""
        scale = {"updates": [{"type": "worker", "quantity": quantity}]}
        return lambda: self._ask("PATCH", f"/apps/{APP}/formation", scale)

    def worker(self, scale: Callable[[], object], said: str) -> float:
        """Return the seconds from scaling the worker until a line of its log holds `said`."""
        log = self._platform.live(APP).log
        start = log.position

        def scale_and_wait() -> None:
            scale()
            for line in log.follow(start, Filter(process="worker"), beat=0.05):
                if line is not None and said in line.text:
                    return

        return timed(scale_and_wait)

    def worker_alone(self) -> float:
        """Return the seconds that the worker takes in a terminal, with the packages of `floor`."""
        config = self._platform.store.config(self._platform.app(APP).id)
        environment = dyno_environment(self._folder / "floor", config)
        with subprocess.Popen(
            ["celery", "-A", "tasks.celery", "worker", "--loglevel=INFO", "--concurrency=2"],
            cwd=self._project,
            env=environment,
            executable=self._folder / "floor" / ".venv" / "bin" / "celery",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            lines = process.stdout
            seconds = timed(lambda: next(line for line in lines if line.endswith(" ready.\n")))
            os.killpg(process.pid, signal.SIGKILL)
        return seconds

    def heroku(self, *arguments: str) -> None:
        """Run the real command."""
        command = ["heroku", *arguments, "--app", APP]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    def _ask(self, method: str, path: str, content: object) -> None:
        self._client.request(method, path, json=content).raise_for_status()


@contextmanager
def deployed(course: Course, scratch: str) -> Iterator[Shop]:
    """Run a platform in `scratch`, with the app and its add-ons."""
    folder = Path(scratch).resolve()
    platform, port = Platform(folder / "home"), free_port()
    server = make_front_door(FrontDoor(make_api(platform), Router(platform)), port)
    try:
        platform.start(port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Shop(platform, folder, course)
        platform.destroy_app(APP)  # with its database, which may lie in another place
    finally:
        server.shutdown()
        server.server_close()
        platform.stop()


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that `act` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
