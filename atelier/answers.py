"""Answers that must fail, and answers that must pass: what shows that a criterion judges.

`exercises/NN-slug/wrong/NAME/` and `right/NAME/` hold files that are laid over the step's
solution. `expect.toml` in a wrong one says what must be found; `setup.sh`, where the
mistake is not in a file, is run by bash in the project's folder, a git repository.
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from atelier.checks.report import Finding, Report
from atelier.checks.runner import check
from atelier.course import BrokenCourse, Course, Step, Tree, read_tree, write_tree
from atelier.git import git
from atelier.harness.interpreter import own_interpreter
from atelier.harness.source import Source
from atelier.i18n import LANGUAGES, say
from atelier.verdicts import Verdict

_NOT_THE_PROJECT = frozenset({"expect.toml", "setup.sh"})


@dataclass(frozen=True)
class Expectation:
    """What a wrong answer must be told: which criterion, which verdict, and words of it."""

    criterion: str
    verdict: Verdict
    message: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An answer to the exercise of `step`; `expectation` is None for a right one."""

    step: Step
    folder: Path
    expectation: Expectation | None

    @property
    def name(self) -> str:
        """The step, the kind and the name: `10-first-task/wrong/no-decorator`."""
        return "/".join(self.folder.parts[-3:])


def answers_to(step: Step) -> Iterator[Answer]:
    """Yield the wrong and the right answers to a step. Raises BrokenCourse."""
    for folder in _folders(step, "wrong"):
        yield Answer(step, folder, _read_expectation(folder / "expect.toml"))
    for folder in _folders(step, "right"):
        yield Answer(step, folder, None)


def sound_answers(step: Step) -> list[Answer]:
    """Return the answers to a step whose expectation can be read."""
    found = [Answer(step, folder, None) for folder in _folders(step, "right")]
    for folder in _folders(step, "wrong"):
        with suppress(BrokenCourse):
            found.append(Answer(step, folder, _read_expectation(folder / "expect.toml")))
    return sorted(found, key=lambda answer: answer.name)


def _folders(step: Step, kind: str) -> list[Path]:
    return sorted((step.exercise / kind).glob("*/"))


def _read_expectation(file: Path) -> Expectation:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
        message = {language: content["message"][language] for language in LANGUAGES}
        return Expectation(content["criterion"], Verdict(content["verdict"]), message)
    except (OSError, KeyError, ValueError) as error:
        raise BrokenCourse(f"{file}: {error!r}") from error


def tree_of(course: Course, answer: Answer) -> Tree:
    """Return the files of a project with this answer in it."""
    over = read_tree(answer.folder)
    return {
        **course.tree(answer.step),
        **{name: content for name, content in over.items() if name not in _NOT_THE_PROJECT},
    }


@contextmanager
def project_with(tree: Tree, setup: Path | None = None) -> Iterator[Source]:
    """Make a project of `tree` in a temporary folder, in git, run by our own environment.

    Its programs are forked from one that has imported the libraries. What a learner's are, begun
    afresh by an environment of their own, is seen when the lessons are followed.
    """
    with TemporaryDirectory(prefix="answer-") as scratch:
        folder = Path(scratch).resolve() / "shop"
        folder.mkdir()
        write_tree(tree, folder)
        git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", "project")
        if setup is not None and setup.is_file():
            subprocess.run(["bash", str(setup)], cwd=folder, check=True, capture_output=True)
        yield Source(folder, own_interpreter(warm=True))


def judge_answer(course: Course, answer: Answer) -> tuple[Report, list[str]]:
    """Check an answer by its step; return the report and what is not as it must be."""
    tree, setup = tree_of(course, answer), answer.folder / "setup.sh"
    with project_with(tree, setup) as source:
        [report] = check(course, [answer.step], source)
    return report, list(_defects(answer, report))


def _defects(answer: Answer, report: Report) -> Iterator[str]:
    unmet = {
        finding.id: finding for finding in report.findings if finding.verdict is not Verdict.PASS
    }
    skipped = {id for id, finding in unmet.items() if finding.verdict is Verdict.SKIPPED}
    wanted = answer.expectation
    if wanted is None:
        for finding in (unmet[id] for id in unmet.keys() - skipped):
            yield f"{answer.name}: a right answer, and {told(finding)}"
        return
    if wanted.criterion in skipped:  # this machine cannot judge it
        return
    found = unmet.get(wanted.criterion)
    if found is None:
        others = ", ".join(told(finding) for finding in unmet.values()) or "everything is met"
        yield f"{answer.name}: {wanted.criterion} must be {wanted.verdict}, but {others}"
        return
    if found.verdict is not wanted.verdict:
        yield f"{answer.name}: must be {wanted.verdict}, but {told(found)}"
    for language, words in wanted.message.items():
        text = " ".join(
            said
            for part in (found.message, found.seen, found.look)
            if (said := say(part, language))
        )
        if words not in text:
            yield f"{answer.name}: “{words}” is not in what it says in {language}: {text}"


def told(finding: Finding) -> str:
    """Say in a line what was found, for an author."""
    return f"{finding.id} is {finding.verdict} ({finding.message} {finding.seen or ''})"
