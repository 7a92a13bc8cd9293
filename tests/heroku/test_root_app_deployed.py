"""The app at the root, which is the last tree, deployed on a local Heroku with a PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from atelier.answers import project_with
from atelier.checks import PRODUCTS, Deadline, World, deploy
from atelier.course import Course
from atelier.harness.web import Web
from atelier.verdicts import Skipped

IMPORTS = "/api/v1/imports"
GOOD = 1000  # lines, in ten batches
DONE_WITHIN = 60.0  # seconds
LOOK_EVERY = 0.05


@pytest.fixture
def deployed(course: Course) -> Iterator[Web]:
    """The web process, with a worker beside it."""
    tree = course.tree(course.steps[-1])
    with project_with(tree) as source, World(source, platform=True) as world:
        with ThreadPoolExecutor(1) as pool:
            redis = pool.submit(lambda: world.redis.url)
            try:
                app = deploy(world, DATABASE_URL=world.postgres.url, REDIS_URL=redis.result())
            except Skipped as skipped:
                pytest.skip(str(skipped))
            starting = pool.submit(app.worker)
            web = app.web()
            starting.result()
        yield web


def upload(web: Web, content: str) -> tuple[int, str]:
    files = {"file": ("catalogue.csv", content.encode(), "text/csv")}
    form = httpx.Request("POST", "http://localhost", files=files)
    kind = form.headers["Content-Type"]
    answer = web.request("POST", IMPORTS, body=form.read(), content_type=kind)
    assert answer.location is not None, answer.text
    return answer.status, answer.location


def state_when_done(web: Web, location: str) -> dict[str, Any]:
    deadline = Deadline(DONE_WITHIN)
    while (found := web.get(location).json())["state"] != "DONE" and not deadline.over:
        time.sleep(LOOK_EVERY)
    return dict(found)


def test_catalogue_is_imported_on_postgresql(deployed: Web) -> None:
    lines = [f"théière {number},about {number}" for number in range(GOOD)]
    lines.insert(500, ",no name")
    content = "\n".join(["name,description", *lines, ""])
    status, location = upload(deployed, content)
    assert status == 202
    found = state_when_done(deployed, location)
    assert (found["state"], found["imported"]) == ("DONE", GOOD)
    assert [bad["line"] for bad in found["bad_lines"]] == [502]
    _status, again = upload(deployed, content)
    assert again == location
    names = [row["name"] for row in deployed.get(PRODUCTS).json()]
    assert sorted(names) == sorted(line.partition(",")[0] for line in lines if line[0] != ",")
