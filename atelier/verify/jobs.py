"""What can be judged apart from the rest: a cell, an answer, the branches, a language followed.

A job travels to a worker process as a line of JSON, and its outcome comes back as one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from atelier.answers import judge_answer, sound_answers
from atelier.checks.report import Report
from atelier.course import BrokenCourse, Course, Step, UnknownStep
from atelier.follow.mismatch import CannotFollow, Mismatch
from atelier.follow.network import NoNetwork, can_have_own_network, enter_own_network
from atelier.follow.run import Followed, Run
from atelier.follow.terminal import SHELLS
from atelier.git import GitFailed
from atelier.i18n import LANGUAGES
from atelier.lesson.parse import LessonError
from atelier.verdicts import Unmet, Verdict
from atelier.verify.branches import branch_defects
from atelier.verify.cells import Cell, cells, judge_cell

_PART = 9  # lessons that are followed in one go, where that is side by side with others

# Hears how far a long job has come.
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """Something to judge: a `kind`, and what it is about by name."""

    kind: str
    about: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The job, for people."""
        return " ".join((self.kind, *self.about))


@dataclass
class Outcome:
    """What came of a job; `unmet` are criteria seen to be unmet, as `step/criterion`."""

    defects: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    met: int = 0
    total: int = 0
    commands: dict[str, int] = field(default_factory=dict)  # run, by language
    skipped: dict[str, list[str]] = field(default_factory=dict)  # with the reason, by language

    def as_json(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        return asdict(self)


def all_jobs(course: Course) -> Iterator[Job]:
    """Yield all there is to judge by processes, the longest first."""
    if can_have_own_network():
        for names in follow_parts(course):
            yield from (Job("follow-part", (language, *names)) for language in LANGUAGES)
    else:
        yield Job("follow", LANGUAGES)  # in turn: both open the ports that lessons name
    yield Job("branches")
    for cell in reversed(list(cells(course))):
        yield Job("cell", (cell.branch.name if cell.branch else "", cell.step.name))
    for step in course.steps:
        for answer in sound_answers(step):
            yield Job("answer", (answer.name,))


def follow_parts(course: Course) -> list[list[str]]:
    """Return the names of the lessons that are followed in one go, the last part first.

    The last lessons wait most. Each part begins with what the one before must end with. Where a
    part cannot have a network of its own, all lessons are one.
    """
    names = [step.name for step in course.steps]
    size = _PART if can_have_own_network() else max(len(names), 1)
    return [names[begin : begin + size] for begin in reversed(range(0, len(names), size))]


def perform(course: Course, job: Job, progress: Progress) -> Outcome:
    """Do a job. What stops it is a defect, told with the job's name."""
    try:
        return _KINDS[job.kind](course, job, progress)
    except (BrokenCourse, GitFailed, NoNetwork, OSError, UnknownStep) as error:
        return Outcome([f"{job.name}: {error}"])
    except Unmet as error:
        return Outcome([f"{job.name}: {error.message} {error.seen or ''}"])


def _judge_cell(course: Course, job: Job, _progress: Progress) -> Outcome:
    branch, name = job.about
    step = course.step(name)
    cell = Cell(course.step(branch) if branch else None, step)
    judged = judge_cell(course, cell)
    return Outcome(
        defects=list(judged.defects),
        unmet=[f"{step.name}/{each}" for each in judged.unmet] if cell.is_start else [],
        overtaken=list(judged.overtaken),
        met=judged.met,
        total=judged.total,
    )


def _judge_answer(course: Course, job: Job, _progress: Progress) -> Outcome:
    [name] = job.about
    step = course.step(name.partition("/")[0])
    answer = next(each for each in sound_answers(step) if each.name == name)
    report, defects = judge_answer(course, answer)
    return Outcome(defects, _unmet(step, report), total=len(report.findings))


def _unmet(step: Step, report: Report) -> list[str]:
    seen = (Verdict.FAIL, Verdict.ERROR, Verdict.TIMEOUT)
    return [f"{step.name}/{found.id}" for found in report.findings if found.verdict in seen]


def _judge_branches(course: Course, _job: Job, _progress: Progress) -> Outcome:
    return Outcome(list(branch_defects(course)))


def _follow(course: Course, job: Job, progress: Progress) -> Outcome:
    """Follow all lessons in each language of the job; a language ends at its first mismatch."""
    outcome = Outcome()
    for language in job.about:
        _follow_lessons(
            course, outcome, progress, language=language, steps=course.steps, network=None
        )
    return outcome


def _follow_part(course: Course, job: Job, progress: Progress) -> Outcome:
    """Follow some lessons in one language, in a network of its own."""
    language, *names = job.about
    outcome = Outcome()
    steps = [course.step(name) for name in names]
    network = enter_own_network()
    _follow_lessons(course, outcome, progress, language=language, steps=steps, network=network)
    return outcome


def _follow_lessons(
    course: Course,
    outcome: Outcome,
    progress: Progress,
    *,
    language: str,
    steps: Sequence[Step],
    network: Mapping[str, str] | None,
) -> None:
    """Follow lessons, and add what comes of it to `outcome`.

    The commands are the same in all languages (parity), so each is run in a shell of its own.
    """
    shells = [shell for shell in SHELLS if shutil.which(shell)]
    shell = shells[LANGUAGES.index(language) % len(shells)]
    outcome.commands[language] = 0
    outcome.skipped[language] = []

    def heard(done: Followed) -> None:
        outcome.commands[language] += done.commands
        outcome.skipped[language] += [f"{done.step.name}: {each}" for each in done.skipped]
        progress(f"follow --lang {language} --shell {shell} {done.step.name}")

    try:
        run = Run(course, language, shell, network)
        try:
            run.follow(steps, heard)
        finally:
            run.close()
    except (Mismatch, CannotFollow, LessonError) as error:
        outcome.defects.append(f"follow --lang {language} --shell {shell}: {error}")


_KINDS: dict[str, Callable[[Course, Job, Progress], Outcome]] = {
    "answer": _judge_answer,
    "branches": _judge_branches,
    "cell": _judge_cell,
    "follow": _follow,
    "follow-part": _follow_part,
}
