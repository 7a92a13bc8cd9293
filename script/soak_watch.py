"""10,000 saves under watch mode: memory, open files, processes and folders do not grow.

Run by `script/soak watch [SAVES]`. The saves come in bursts of 20, as an
editor that saves by itself makes them; each burst ends with a verdict, and some runs are cut.
"""

from __future__ import annotations

import os
import queue
import sys
import tempfile
from pathlib import Path

import psutil

from atelier.watch.engine import Engine, Phase, State
from tests.watch_kit import small_project

BURST = 20
SETTLED = 5  # bursts, after which nothing may grow any more
SLACK = 8 * 1024**2  # bytes of memory that come and go
PROCESSES = 3  # the run, and the two that get ready


def main() -> int:
    """Save, wait, look; 1 where something grew."""
    saves = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        os.environ["XDG_DATA_HOME"] = f"{scratch}/data"
        os.environ["TMPDIR"] = tempfile.tempdir = scratch
        course, project = small_project(Path(scratch))
        states: queue.Queue[State] = queue.Queue()
        engine = Engine(course, project, course.first)
        engine.listen(states.put)
        engine.start()
        try:
            grown = watch(engine, states, project / "greet.py", saves)
        finally:
            engine.close()
        left = psutil.Process().children(recursive=True)
    for line in grown:
        print(line)
    if left:
        print(f"processes left: {left}")
    print(f"{saves} saves, {engine.state.run} runs, {len(grown)} things grew")
    return 1 if grown or left else 0


def watch(engine: Engine, states: queue.Queue[State], file: Path, saves: int) -> list[str]:
    """Save in bursts; return what grew after the first few."""
    before: dict[str, int] = {}
    grown: list[str] = []
    for burst in range(saves // BURST):
        passes = burst % 2 == 0
        for number in range(BURST):
            text = "def greet(name): ..." if passes else "pass"
            file.write_text(f"{text}  # {burst} {number}\n")
        while True:
            state = states.get(timeout=60)
            if state.phase is Phase.DONE and state.passed == passes:
                break
        now = usage(engine)
        if burst == SETTLED:
            before = now
        elif burst > SETTLED:
            grown += [
                f"burst {burst}: {name} {before[name]} -> {count}"
                for name, count in now.items()
                if count > before[name] + (SLACK if name == "memory" else 8)
            ]
            grown += [f"burst {burst}: {now['processes']}"] * (now["processes"] > PROCESSES)
            if grown:
                break
        if burst % 50 == 0:
            print(f"{burst * BURST} saves, {engine.state.run} runs: {now}", flush=True)
    return grown


def usage(engine: Engine) -> dict[str, int]:
    """Return what must not grow."""
    own = psutil.Process()
    return {
        "memory": own.memory_info().rss,
        "files": own.num_fds(),
        "threads": own.num_threads(),
        "processes": len(engine.processes),
        "folders": len(list(Path(tempfile.gettempdir()).glob("atelier-*"))),
    }


if __name__ == "__main__":
    sys.exit(main())
