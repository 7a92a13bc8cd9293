"""What watch mode and `--help` cost, for script/bench: seconds from a save to what is known."""

from __future__ import annotations

import ast
import queue
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from atelier.course import Course, Step
from atelier.harness.deadline import Deadline
from atelier.harness.interpreter import own_interpreter
from atelier.harness.source import Source
from atelier.harness.worker import READY
from atelier.harness.world import World
from atelier.watch.engine import Engine, Phase, State

SAVES = 30
PAUSE = 1.0  # seconds between two saves: somebody who types fast


class Watched:
    """A project that is watched, and saves that are timed."""

    def __init__(self, course: Course, folder: Path, step: str) -> None:
        self._file = folder / "config.py"
        self._states: queue.Queue[State] = queue.Queue()
        self.engine = Engine(course, folder, course.step(step))
        self.engine.listen(self._states.put)
        self.engine.start()
        self.until(lambda state: state.phase is Phase.DONE)
        time.sleep(2 * PAUSE)

    def until(self, wanted: Callable[[State], bool]) -> None:
        """Wait for such a state."""
        while not wanted(self._states.get(timeout=60)):
            pass

    def save(self, wanted: Callable[[State], bool]) -> float:
        """Save a file; return the seconds until a state of the run for it is as wanted."""
        number = self.engine.state.run
        with self._file.open("a") as file:
            began = time.perf_counter()
            file.write("\n")
        self.until(lambda state: state.run > number and wanted(state))
        seconds = time.perf_counter() - began
        if self.engine.state.phase is not Phase.DONE:
            self.until(lambda state: state.phase is Phase.DONE)
        time.sleep(PAUSE)
        return seconds


@contextmanager
def watched(course: Course, folder: Path, step: str) -> Iterator[Watched]:
    """Watch `folder` by `step` for a while."""
    found = Watched(course, folder, step)
    try:
        yield found
    finally:
        found.engine.close()


def without_process(step: Step) -> set[str]:
    """Return the criteria of `step` that are given the project's files and nothing else."""
    functions = [
        node
        for file in step.exercise.glob("test_*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {
        function.name.removeprefix("test_")
        for function in functions
        if [argument.arg for argument in function.args.args] == ["project"]
        and not {"tracked_by_git", "not_committed"} & set(re.findall(r"\w+", ast.dump(function)))
    }


def cheap_p95(course: Course, folder: Path, step: str) -> float:
    """Return the 95th percentile of a save to the verdict of all criteria without a process."""
    cheap = without_process(course.step(step))

    def known(state: State) -> bool:
        return all(each.fresh for each in state.criteria if each.id in cheap)

    with watched(course, folder, step) as found:
        taken = [found.save(known) for _save in range(SAVES)]
    return statistics.quantiles(taken, n=20)[-1]


def full_verdict(course: Course, folder: Path, step: str, rounds: int) -> tuple[float, float]:
    """Return the medians of a save to the whole verdict, and of a bare worker's start."""
    pairs = []
    with watched(course, folder, step) as found:
        for _round in range(rounds):
            pairs.append(
                (found.save(lambda state: state.phase is Phase.DONE), worker_start(folder))
            )
    return tuple(statistics.median(column) for column in zip(*pairs, strict=True))


def worker_start(folder: Path) -> float:
    """Return the seconds from starting a bare worker to its line `ready.`."""
    with World(Source(folder, own_interpreter())) as world:
        assert world.redis.running
        began = time.perf_counter()
        process = world.run(
            *("celery", "-A", "tasks.celery", "worker", "--loglevel=INFO", "--pool=solo"),
            *("--without-mingle", "--without-gossip", "--without-heartbeat"),
        )
        assert process.wait_for(READY, Deadline(20)), process.output.text
        return time.perf_counter() - began
