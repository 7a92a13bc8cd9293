"""The live pages served on a small course, and tabs that listen to them without a browser."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from atelier.commands.live_desk import LiveDesk
from atelier.course import Course
from atelier.pages.live.hub import Hub
from atelier.pages.server import HOST, open_server
from atelier.pages.site import Site
from tests.small_course import write
from tests.watch_kit import WITHIN, small_project

GREET = 'GREETING = "hello"\n\n\ndef greet(name):\n    return f"{GREETING} {name}"\n'

State = dict[str, Any]


@dataclass
class Served:
    """A small course whose pages are served, and the learner's project."""

    course: Course
    project: Path
    learner: LiveDesk
    hub: Hub
    port: int

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.port}/"


class Tab:
    """One page that is open: what its stream says."""

    def __init__(
        self, address: str, step: str = "greet", language: str = "en", **params: str
    ) -> None:
        self._client = httpx.Client(base_url=address, timeout=WITHIN)
        self._path = f"/live/{step}"
        self._language = {"lang": language}
        asked = self._client.build_request("GET", self._path, params=self._language | params)
        self._answer = self._client.send(asked, stream=True)
        assert self._answer.status_code == 200
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        self._lines = self._answer.iter_lines()
        self.state: State = {}

    @property
    def headers(self) -> httpx.Headers:
        """What stands above the stream."""
        return self._answer.headers

    def until(self, wanted: Callable[[State], object]) -> State:
        """Return the next state that is as wanted; the last one counts."""
        end = time.monotonic() + WITHIN
        while not (self.state and wanted(self.state)):
            assert time.monotonic() < end, self.state
            line = next(self._lines)
            if line.startswith("data: "):
                self.state = json.loads(line.removeprefix("data: "))
        return self.state

    def phase(self, name: str) -> State:
        """Return the next state of the phase `name`."""
        return self.until(lambda state: state["phase"] == name)

    def ask(self, action: str, **params: str) -> State:
        """Press a button."""
        answer = self._client.post(
            f"{self._path}/{action}",
            params=self._language | params,
            headers={"X-Atelier-Token": self.state["token"]},
        )
        assert answer.status_code == 200
        return dict(answer.json())

    def close(self) -> None:
        """Hide the tab, or close it."""
        self._answer.close()
        self._client.close()


@contextmanager
def serving(folder: Path, *, port: int = 0, **options: float) -> Iterator[Served]:
    """Make a small course with two hints and a project below `folder`, and serve its pages."""
    course, project = small_project(folder)
    for language, words in (("en", ("One?", "Two?")), ("fr", ("Un ?", "Deux ?"))):
        text = f"## 1\n\n{words[0]}\n\n## 2\n\n{words[1]}\n"
        write(course.root, f"exercises/01-greet/hints.{language}.md", text)
    with served(course, project, port=port, **options) as found:
        yield found


@contextmanager
def served(course: Course, project: Path, *, port: int = 0, **options: float) -> Iterator[Served]:
    """Serve the pages of `course`, as `atelier serve` does."""
    learner = LiveDesk(course)
    hub = Hub(learner, **options)
    server = open_server(Site(course, learner.standing, live=True), port, hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(course, project, learner, hub, server.port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        hub.close()
