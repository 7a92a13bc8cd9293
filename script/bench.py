"""What the tool costs: each row is measured in this run against its own floor.

Medians of `--rounds` rounds (default 5), floor and subject in turn, so that both meet the
same weather. A bound in seconds is for a machine of a known speed: it is multiplied by how much
slower this one is just then. Nothing here is a test: a bound that is missed is shown, with its
figure.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from celery import Celery

from atelier.commands import atelier
from atelier.course import Course, workshop_root, write_tree
from atelier.harness.deadline import Deadline
from atelier.harness.interpreter import own_interpreter
from atelier.harness.ports import free_port
from atelier.harness.source import Source
from atelier.harness.web import PRODUCTS, Web
from atelier.harness.worker import READY
from atelier.harness.world import World
from script import hear_ctrl_c
from script.bench_heroku import heroku_rows
from script.bench_pages import build_pages, first_page, save_to_browser_p95
from script.bench_table import fixed, row
from script.bench_watch import cheap_p95, full_verdict
from tests.browser import missing

BIN = Path(sys.executable).parent
REQUESTS = 200
STATIC = """
from atelier.checks import _, criterion, expect

@criterion(_("The file is there"), file="wsgi.py")
def test_file_is_there(project):
    expect(project.has("wsgi.py"), _("Expected: a file wsgi.py."))
"""
STATIC_COMMAND = """
import sys
from pathlib import Path
import atelier.course
atelier.course.workshop_root = lambda: Path(sys.argv[1])
from atelier.cli import run
sys.exit(run(["check", "01", "--project", sys.argv[2]]))
"""


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    hear_ctrl_c()
    course = Course(workshop_root())
    with (
        project(course, "13") as folder,
        project(course, "09") as nine,
        project(course, "10") as ten,
    ):
        workers, check_09, check_10 = in_turn(
            rounds,
            lambda: worker_and_ping(nine),
            lambda: check(nine, "09"),
            lambda: check(ten, "10"),
        )
        row("check 09", check_09, 1.5 * workers + 0.5, f"1.5 x {workers:.2f} (worker, ping) + 0.5")
        row("check 10", check_10, 1.3 * (3 + workers), f"1.3 x (3 + {workers:.2f})")
        fixed("check, no process", static_check(rounds, folder), 0.6)
    with project(course, "08") as eight, project(course, "09") as nine:
        fixed("watch 08, files only, p95", cheap_p95(course, eight, "08"), 0.3)
        taken, start = full_verdict(course, nine, "09", rounds)
        row(
            "watch 09, whole verdict", taken, 1.5 * start + 0.3, f"1.5 x {start:.2f} (worker) + 0.3"
        )
    slowest, seconds = slowest_help(rounds)
    fixed(f"{slowest} --help", seconds, 0.3)
    fixed("verify --fast", timed([str(BIN / "atelier"), "verify", "--fast"]), 5.0)
    fixed("all pages built", in_turn(rounds, build_pages)[0], 1.5)
    fixed("first page served", in_turn(rounds, first_page)[0], 0.5)
    if why := missing():
        print(f"save to browser, p95            not measured: {why}")
    else:
        with project(course, "08") as eight:
            fixed("save to browser, p95", save_to_browser_p95(course, eight, "08"), 0.4)
    with project(course, "06") as plain, project(course, "13") as folder:
        without, with_task = in_turn(
            3, lambda: p95(plain, redis=True), lambda: p95(folder, redis=True)
        )
        row(
            "GET list p95, task enqueued",
            with_task,
            1.5 * without,
            f"1.5 x {without * 1000:.2f} ms",
        )
        fixed("GET list p95, Redis stopped", p95(folder, redis=False), 1.0)
    heroku_rows(course)


def in_turn(rounds: int, *subjects: Callable[[], float]) -> list[float]:
    """Return the median of each subject's seconds, measured in turn."""
    measured = [[subject() for subject in subjects] for _round in range(rounds)]
    return [statistics.median(column) for column in zip(*measured, strict=True)]


@contextmanager
def project(course: Course, step: str) -> Iterator[Path]:
    """Make the project of `step`, run by the workshop's own packages."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        folder = Path(scratch) / "shop"
        write_tree(course.tree(course.step(step)), folder)
        (folder / ".venv").symlink_to(BIN.parent)
        yield folder


def worker_and_ping(folder: Path) -> float:
    """Return the seconds from starting a bare worker to its answer to one ping."""
    with World(Source(folder, own_interpreter())) as world:
        url = world.redis.url
        with Celery(broker=url, set_as_current=False) as app:
            began = time.perf_counter()
            process = world.run(
                *("celery", "-A", "tasks.celery", "worker", "--loglevel=INFO", "--pool=solo"),
                *("--without-mingle", "--without-gossip", "--without-heartbeat"),
            )
            assert process.wait_for(READY, Deadline(20))
            while not app.control.inspect(timeout=1.0, limit=1).ping():
                pass
            return time.perf_counter() - began


def check(folder: Path, step: str) -> float:
    """Return the seconds that `atelier check` takes on a project that is right."""
    return timed([str(BIN / "atelier"), "check", step, "--project", str(folder)])


def static_check(rounds: int, folder: Path) -> float:
    """Return the seconds of a check whose one criterion reads a file."""
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        step = Path(scratch) / "exercises" / "01-static"
        step.mkdir(parents=True)
        (step / "step.toml").write_text(
            'kind = "guided"\nminutes = 1\n[title]\nen = "Static"\nfr = "Statique"\n'
        )
        (step / "test_static.py").write_text(STATIC)
        command = [str(BIN / "python"), "-c", STATIC_COMMAND, scratch, str(folder)]
        return in_turn(rounds, lambda: timed(command))[0]


def timed(command: list[str]) -> float:
    """Return the seconds that a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def slowest_help(rounds: int) -> tuple[str, float]:
    """Return the command whose `--help` takes longest, and its median in seconds."""
    names = sorted(atelier.commands)
    helps = [lambda name=name: timed([str(BIN / "atelier"), name, "--help"]) for name in names]
    taken = dict(zip(names, in_turn(rounds, *helps), strict=True))
    return max(taken.items(), key=lambda item: item[1])


def p95(folder: Path, *, redis: bool) -> float:
    """Return the 95th percentile, in seconds, of the time of the product list under gunicorn.

    gunicorn is what the Procfile runs. `flask run` makes a thread for each request, and Celery
    a result backend for each thread: that would be measured instead.
    """
    with World(Source(folder, own_interpreter()), redis=redis) as world:
        world.migrate()
        port = free_port()
        process = world.run("gunicorn", "--bind", f"127.0.0.1:{port}", "wsgi:app")
        assert process.wait_for("Booting worker", Deadline(20)), process.output.text
        web = Web(world, process, port)
        for number in range(3):
            web.request("POST", PRODUCTS, data={"name": f"product {number}"})
            get_list(web)
        requests = REQUESTS if redis else 20
        return statistics.quantiles((get_list(web) for _number in range(requests)), n=20)[-1]


def get_list(web: Web) -> float:
    """Return the seconds of one request for the list, which must succeed."""
    response = web.get(PRODUCTS)
    assert response.status == 200, response
    return response.seconds


if __name__ == "__main__":
    main()
