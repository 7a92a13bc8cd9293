"""The whole proof: what can be read first, then what must be run, side by side."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from atelier.course import BrokenCourse, Course, Step
from atelier.verify.criteria import declared_criteria, never_unmet
from atelier.verify.jobs import Job, Outcome, all_jobs
from atelier.verify.pool import perform_all
from atelier.verify.report import Grade, Graded, Verification, counted, relative
from atelier.verify.texts import text_defects


@dataclass(frozen=True)
class Listener:
    """Hears of each defect as it is found, and after each job how many are done of how many."""

    defect: Callable[[str], None] = lambda text: None
    progress: Callable[[int, int, str], None] = lambda done, of, at: None


def verify(course: Course, *, fast: bool, listener: Listener | None = None) -> Verification:
    """Prove the course, or list its defects; `fast` starts no process. Raises BrokenCourse."""
    heard = listener or Listener()
    began = time.monotonic()
    account = counted(course, fast=fast)
    _add(course, account, heard, list(text_defects(course)))
    if not fast:
        _run(course, account, heard)
    account.seconds = time.monotonic() - began
    return account


def _run(course: Course, account: Verification, heard: Listener) -> None:
    jobs = list(all_jobs(course))
    unmet: set[str] = set()
    done = 0

    def hear(job: Job, said: Outcome | str) -> None:
        nonlocal done
        if isinstance(said, str):
            heard.progress(done, len(jobs), said)
            return
        done += 1
        unmet.update(said.unmet)
        _take(account, job, said)
        _add(course, account, heard, said.defects)
        heard.progress(done, len(jobs), job.name)

    heard.progress(0, len(jobs), "")
    perform_all(course.root, jobs, hear)
    _add(course, account, heard, _never_unmet(course.steps, unmet))


def _take(account: Verification, job: Job, outcome: Outcome) -> None:
    """Enter what a job tells besides its defects."""
    if job.kind == "cell":
        branch, step = job.about
        if outcome.defects:
            grade = Grade.DEFECT
        elif branch < step:
            grade = Grade.NOT_YET
        else:
            grade = Grade.OVERTAKEN if outcome.overtaken else Grade.MET
        graded = (grade, outcome.met, outcome.total, tuple(outcome.overtaken))
        account.matrix.append(Graded(branch, step, *graded))
    for language, commands in outcome.commands.items():
        account.commands[language] += commands
    for language, skipped in outcome.skipped.items():
        account.skipped[language] += skipped


def _never_unmet(steps: Collection[Step], unmet: Collection[str]) -> list[str]:
    found: list[str] = []
    for step in steps:
        with contextlib.suppress(BrokenCourse):  # told with the defects of its step
            found += never_unmet(declared_criteria(step), {_pair(name) for name in unmet})
    return found


def _pair(name: str) -> tuple[str, str]:
    step, _slash, criterion = name.partition("/")
    return step, criterion


def _add(course: Course, account: Verification, heard: Listener, defects: list[str]) -> None:
    for defect in relative(course, defects):
        account.defects.append(defect)
        heard.defect(defect)
