"""What the lesson pages cost, for script/bench: built, first served, and green after a save."""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.course import Course
from atelier.state import Progress, State
from script.bench_watch import PAUSE, SAVES, without_process
from tests.browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

ATELIER = str(Path(sys.executable).parent / "atelier")
# Keeps in `shown` when the criteria named by `wanted` have all been judged anew and are drawn.
_WATCH = """wanted => {
    const fresh = (id) => document.querySelector(`.criterion[data-id="${id}"]:not(.stale)`);
    let begun = false;
    window.shown = 0;
    const watch = new MutationObserver(() => {
        if (!wanted.every(fresh)) begun = true;
        else if (begun) {
            begun = false;
            requestAnimationFrame(() => (window.shown = Date.now()));
        }
    });
    const all = { subtree: true, childList: true, attributes: true };
    watch.observe(document.querySelector(".criteria"), all);
}"""


def build_pages() -> float:
    """Return the seconds that `atelier build` takes for the pages of both languages."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        began = time.perf_counter()
        subprocess.run([ATELIER, "build", f"{scratch}/site"], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def first_page() -> float:
    """Return the seconds from starting `atelier serve` to the whole of a lesson."""
    began = time.perf_counter()
    with (
        _serving(os.environ) as address,
        urllib.request.urlopen(f"{address}en/09-make-celery.html") as answer,
    ):
        assert answer.read().endswith(b"</html>")
        return time.perf_counter() - began


def save_to_browser_p95(course: Course, folder: Path, name: str) -> float:
    """Return the 95th percentile of a save to Chromium showing the verdict, in seconds.

    It waits for the criteria of the step `name` that need no process.
    """
    step = course.step(name)
    with tempfile.TemporaryDirectory(prefix="bench-") as data:
        State(course.root, Path(data, "atelier", "state.json")).remember(
            folder, Progress(step.slug)
        )
        with _serving({**os.environ, "XDG_DATA_HOME": data}) as address, chromium() as browser:
            page = browser.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{address}en/{step.name}.html")
            _wait_until_done(page)
            page.evaluate(_WATCH, sorted(without_process(step)))
            taken: list[float] = []
            for _save in range(SAVES):
                time.sleep(PAUSE)
                with (folder / "config.py").open("a") as file:
                    began = time.time()
                    file.write("\n")
                page.wait_for_function("() => window.shown")
                taken.append(page.evaluate("window.shown") / 1000 - began)
                _wait_until_done(page)
                page.evaluate("window.shown = 0")
    return statistics.quantiles(taken, n=20)[-1]


def _wait_until_done(page: Page) -> None:
    page.locator(".live[data-phase=met], .live[data-phase=done]").wait_for()


@contextmanager
def _serving(environment: Mapping[str, str]) -> Iterator[str]:
    """Run `atelier serve`, and give the address that it prints."""
    process = subprocess.Popen(
        [ATELIER, "serve"],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+/", process.stdout.readline())
        assert address, "it printed no address"
        yield address[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
