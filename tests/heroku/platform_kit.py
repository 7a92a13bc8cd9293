"""A platform for tests: its API without a port, and slugs that no push built."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from atelier.harness.deadline import Deadline
from atelier.heroku.api import make_api
from atelier.heroku.clock import now
from atelier.heroku.dynos import Pace
from atelier.heroku.logs import Filter
from atelier.heroku.platform import Platform
from atelier.heroku.records import Line, Slug

WITHIN = 20.0  # seconds, for what takes a fraction of one on a quiet machine
QUICK = Pace(boot=10.0, grace=1.0, restart=0.2, slowest_restart=0.4, settled=300.0)
ALL = Filter()

# A web process with nothing to install: it serves its own files.
SERVE = "exec python3 -m http.server --bind 127.0.0.1 $PORT"


class Desk:
    """A platform that runs, and someone who asks it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._client: FlaskClient = make_api(platform).test_client()

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """Ask the API with the right key."""
        return self._client.open(
            path,
            method=method,
            json=json,
            headers={"Authorization": f"Bearer {self.platform.key}", **headers},
        )

    def get(self, path: str) -> Any:
        """Return what the API answers to a GET that must succeed."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def create(self, name: str = "shop-one") -> Any:
        """Make an app."""
        answer = self.ask("POST", "/apps", {"name": name})
        assert answer.status_code == 201, answer.text
        return answer.json

    def deploy(
        self, name: str, types: Mapping[str, str], files: Mapping[str, str] | None = None
    ) -> bool:
        """Release a slug with these process types, as the end of a push does."""
        platform = self.platform
        live = platform.live(name)
        slug_id = str(uuid.uuid4())
        folder = platform.places.slug(slug_id)
        folder.mkdir()
        for file, content in (files or {}).items():
            (folder / file).write_text(content, "utf-8")
        (platform.places.packages / "none").mkdir(exist_ok=True)
        slug = Slug(slug_id, live.id, "c" * 40, types, "none", 1, now())
        platform.store.add_slug(slug)
        release = platform.releases.make(live, "Deploy cccccccc", slug.id)
        return platform.releases.make_live(live, release)

    def lines(self, name: str, wanted: Filter = ALL) -> list[Line]:
        """Return the log of an app."""
        return self.platform.live(name).log.last(10_000, wanted)

    def wait_for_print(self, name: str, text: str) -> Line:
        """Wait until a dyno of an app prints `text`."""
        return self.wait_for_line(name, text, wanted=Filter("app"))

    def wait_for_line(self, name: str, text: str, after: int = 0, wanted: Filter = ALL) -> Line:
        """Wait until a line of the log of an app holds `text`."""
        deadline = Deadline(WITHIN)
        for line in self.platform.live(name).log.follow(after, wanted, beat=0.1):
            if line is not None and text in line.text:
                return line
            assert not deadline.over, [str(each) for each in self.lines(name)]
        raise AssertionError(f"the log ended without {text!r}")


@contextmanager
def running(home: Path, pace: Pace = QUICK) -> Iterator[Desk]:
    """Run a platform in `home`, with no port of its own."""
    platform = Platform(home, pace)
    try:
        platform.start(4999)
        yield Desk(platform)
    finally:
        platform.stop()
