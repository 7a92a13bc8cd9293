"""A run: lessons in order, in a scratch home, each ending with its criteria and its solution."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atelier.course import Course, Step, Tree
from atelier.follow.follower import Follower
from atelier.follow.home import Home
from atelier.follow.mismatch import CannotFollow, Mismatch
from atelier.follow.place import Place
from atelier.follow.ports import ports_of, require_free
from atelier.follow.result import differences, files_of
from atelier.follow.terminal import Terminal, TooLong
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.interpreter import find_interpreter
from atelier.harness.source import Source
from atelier.lesson.blocks import Commands, Document
from atelier.lesson.parse import read_lesson
from atelier.project import create_project, hand_out
from atelier.state import Progress, State
from atelier.verdicts import Verdict

_INSTALLS_WITHIN = 600.0  # seconds
_BRANCH = ("git switch -c ", "git checkout -b ")

Heard = Callable[["Followed"], None]


@dataclass(frozen=True)
class Followed:
    """A lesson that was followed to its end."""

    step: Step
    commands: int
    skipped: tuple[str, ...]
    seconds: float


class Run:
    """Follows lessons of `course` in `language`, in a scratch folder that `close` removes.

    `network` are variables by which its programs reach what they fetch.
    """

    def __init__(
        self,
        course: Course,
        language: str,
        shell: str = "bash",
        network: Mapping[str, str] | None = None,
    ) -> None:
        if shutil.which(shell) is None:
            raise CannotFollow(f"{shell} is not installed.")
        self._course = course
        self._language = language
        self._shell = shell
        # Resolved: on macOS a temporary folder is behind a link, and programs print where it is.
        self.folder = Path(tempfile.mkdtemp(prefix="atelier-follow-")).resolve()
        self._home = Home(self.folder, network)
        self._fresh: tuple[bytes, bytes] | None = None  # a Pipfile and its lock

    def close(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def follow(self, steps: Sequence[Step], heard: Heard | None = None) -> list[Followed]:
        """Follow the lessons of `steps`, in the order of the course; `heard` hears of each.

        Raises Mismatch where a lesson is wrong, CannotFollow, LessonError, OurSide.
        """
        documents = {step.name: self._read(step) for step in steps}
        followed: list[Followed] = []
        project, before = self.folder, None
        for step in steps:
            document = documents[step.name]
            require_free(ports_of(_commands(document)))
            began = time.monotonic()
            if before is None or self._course.after(before) != step:
                project = self._begin(step)
            else:
                hand_out(self._course, project, step)
            self._remember(project, step)
            follower = self._do(document, step, project)
            self._judge(document, step, project, follower.judged)
            seconds = time.monotonic() - began
            counts = follower.counts
            done = Followed(step, counts.commands, tuple(counts.skipped), seconds)
            followed.append(done)
            if heard is not None:
                heard(done)
            before = step
        return followed

    def _read(self, step: Step) -> Document:
        file = step.lesson(self._language)
        if not file.is_file():
            raise CannotFollow(f"{file.relative_to(step.root)} is not there.")
        return read_lesson(file)

    def _begin(self, step: Step) -> Path:
        """Make the project as `start` does, on the branch that the lessons before have made."""
        project = self.folder / ("shop" if not (self.folder / "shop").exists() else step.name)
        create_project(self._course, project, step)
        branches = list(self._branches_before(step))
        # With the learner's own tools, which a lock names among the packages for development.
        sync = ["pipenv sync --dev"] if (project / "Pipfile.lock").is_file() else []
        self._run(project, [*branches[-1:], *sync])
        return project

    def _branches_before(self, step: Step) -> Iterator[str]:
        for done in self._course.up_to(step)[:-1]:
            if done.lesson(self._language).is_file():
                for command in _commands(self._read(done)):
                    if command.startswith(_BRANCH):
                        yield command

    def _run(self, project: Path, commands: Sequence[str]) -> None:
        """Run what is not of a lesson. Raises CannotFollow."""
        family = Family()
        try:
            terminal = Terminal(family, self._shell, project, self._home.environment)
            for command in commands:
                try:
                    printed, code = terminal.run(command, Deadline(_INSTALLS_WITHIN))
                except TooLong:
                    printed, code = terminal.unread(), -1
                if code != 0:
                    raise CannotFollow(f"{command}, in {project}, did not end well:\n{printed}")
            terminal.close()
        finally:
            family.end()

    def _remember(self, project: Path, step: Step) -> None:
        """Be at `step`, as `start` and `next` do it."""
        state = State(self._course.root, self._home.data / "atelier" / "state.json")
        state.remember(project, Progress(step.slug, self._language))

    def _do(self, document: Document, step: Step, project: Path) -> Follower:
        family = Family()
        place = Place(self._course, step, project, self._home, family, self._shell)
        follower = Follower(document, place)
        try:
            follower.follow()
            follower.close()
        finally:
            family.end()
        return follower

    def _judge_lock(self, lesson: Path, step: Step, project: Path) -> None:
        """Raise Mismatch unless the lock, where there is one, is made from the Pipfile."""
        pipfile, lock = project / "Pipfile", project / "Pipfile.lock"
        if not lock.is_file():
            return
        both = pipfile.read_bytes(), lock.read_bytes()
        # pipenv's own mark in a lock also tells the machine's package index: the solution's
        # lock, made elsewhere, is fresh as it is.
        if both == self._fresh or both[1] == self._course.tree(step).get(lock.name):
            return
        try:
            self._run(project, ["pipenv verify"])
        except CannotFollow as error:
            raise Mismatch(lesson, 1, "Pipfile.lock is not fresh", got=str(error)) from error
        self._fresh = both

    def _judge(self, document: Document, step: Step, project: Path, judged: Tree | None) -> None:
        """Compare with the solution, and judge by the criteria of `step`.

        `judged` are files that the lesson's own check has judged already.
        """
        from atelier.checks.runner import check

        file = document.path.relative_to(self._course.root)
        for difference in differences(self._course, step, project):
            raise Mismatch(file, 1, f"at the end of the lesson, {difference}")
        self._judge_lock(file, step, project)
        if not any(step.exercise.glob("test_*.py")) or judged == files_of(project):
            return
        source = Source(project, find_interpreter(project))
        [report] = check(self._course, [step], source, at=step)
        for finding in report.findings:
            if finding.verdict not in (Verdict.PASS, Verdict.SKIPPED):
                what = f"at the end of the lesson, a criterion is not met: {finding.title}"
                raise Mismatch(file, 1, what, got=f"{finding.message}\n{finding.seen or ''}")


def _commands(document: Document) -> list[str]:
    """The commands that are typed, those left out not among them."""
    return [
        line
        for block in document.blocks
        if isinstance(block, Commands) and not block.directive("skip")
        for line in block.lines
    ]
