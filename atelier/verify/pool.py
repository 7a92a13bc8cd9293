"""Worker processes that share the jobs between them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from atelier.harness.interrupts import undisturbed
from atelier.verify.jobs import Job, Outcome

# Hears the outcome of a job, or how far it has come.
Heard = Callable[[Job, Outcome | str], None]

_BESIDES = 5  # processes besides one a core: what is judged waits for more than half of its time
_ENDS_WITHIN = 30.0  # seconds that an interrupted worker has to end what it started
_LAST_WORDS = 2000  # characters


def perform_all(root: Path, jobs: Sequence[Job], heard: Heard, size: int | None = None) -> None:
    """Do `jobs`, `size` at a time, from both ends; `heard` is called in this thread.

    A long job waits for most of its time. So that all cores are at work then too, every other
    worker process begins at the end of the list, with what is short.

    A worker process that ends unexpectedly is a defect of the job it was at, and another
    takes its place. When this is left by an exception (Ctrl-C), all workers are ended, and
    with them all that they started.
    """
    waiting = deque(jobs)
    told: SimpleQueue[tuple[Job, Outcome | str]] = SimpleQueue()
    takes = itertools.cycle((waiting.popleft, waiting.pop))
    size = size or (os.cpu_count() or 1) + _BESIDES
    workers = [_Worker(root, take, told) for take in itertools.islice(takes, size)]
    left = len(jobs)
    try:
        for worker in workers:
            worker.start()
        while left:
            job, said = told.get()
            left -= isinstance(said, Outcome)
            heard(job, said)
    finally:
        with undisturbed():
            for worker in workers:
                worker.interrupt()
            for worker in workers:
                worker.join()


class _Worker(threading.Thread):
    """A thread that hands jobs to a process of its own, until `take` raises IndexError."""

    def __init__(
        self,
        root: Path,
        take: Callable[[], Job],
        told: SimpleQueue[tuple[Job, Outcome | str]],
    ) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._take = take
        self._told = told
        self._process: subprocess.Popen[str] | None = None
        self._interrupted = False
        self._lock = threading.Lock()

    def run(self) -> None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            with contextlib.suppress(IndexError):  # no job is left
                while not self._interrupted:
                    job = self._take()
                    self._told.put((job, self._do(job, errors)))
            self._end()

    def interrupt(self) -> None:
        """Have the process end what it started, then end."""
        with self._lock:
            self._interrupted = True
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def _do(self, job: Job, errors: IO[str]) -> Outcome:
        process = self._running(errors)
        if process is None:
            return Outcome()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asdict(job)) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            answer = json.loads(line)
            if "outcome" in answer:
                return Outcome(**answer["outcome"])
            self._told.put((job, answer["progress"]))
        code = process.wait()
        self._process = None
        errors.seek(0)
        words = errors.read()[-_LAST_WORDS:]
        return Outcome([f"{job.name}: the process that judged it ended, exit code {code}\n{words}"])

    def _running(self, errors: IO[str]) -> subprocess.Popen[str] | None:
        """The process, begun if there is none; None when this was interrupted."""
        with self._lock:
            if self._interrupted:
                return None
            if self._process is None:
                errors.truncate(errors.seek(0))
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-m", "atelier.verify.worker", str(self._root)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    encoding="utf-8",
                    start_new_session=True,  # Ctrl-C reaches it through us
                )
            return self._process

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            process.communicate(timeout=_ENDS_WITHIN)
        if process.poll() is None:
            process.kill()
            process.wait()
