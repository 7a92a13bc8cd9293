"""The graded matrix: the solution of each step, judged by its own step, all before, and the next.

`until="slug"` on a criterion says that a later step overtakes it: it need not hold there,
and at that step it must really be unmet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atelier.answers import project_with, told
from atelier.checks.report import Report
from atelier.checks.runner import check
from atelier.course import Course, Step
from atelier.verdicts import Verdict
from atelier.verify.criteria import declared_criteria


@dataclass(frozen=True)
class Cell:
    """The solution of `branch` (None: an empty project) judged by the criteria of `step`."""

    branch: Step | None
    step: Step

    @property
    def is_start(self) -> bool:
        """Whether `step` is not done here yet: this is what its learner begins with."""
        return self.branch is None or self.branch.number < self.step.number

    @property
    def name(self) -> str:
        """The branch and the step, as `09-make-celery at 08-redis`."""
        return f"{self.branch.name if self.branch else 'the start'} at {self.step.name}"


@dataclass(frozen=True)
class Judged:
    """What came of a cell: criteria met of how many, those overtaken, those unmet, defects."""

    met: int
    total: int
    overtaken: tuple[str, ...]
    unmet: tuple[str, ...]
    defects: tuple[str, ...]


def cells(course: Course) -> Iterator[Cell]:
    """Yield the cells of the matrix: branch k with the steps 1 to k, and with k+1."""
    yield Cell(None, course.steps[0])
    for branch in course.steps:
        for step in course.up_to(branch):
            yield Cell(branch, step)
        following = course.after(branch)
        if following is not None:
            yield Cell(branch, following)


def judge_cell(course: Course, cell: Cell) -> Judged:
    """Judge one cell. Raises OurSide."""
    overtaken, just_overtaken = _overtaken(course, cell)
    tree = course.tree_before(cell.step) if cell.is_start or not cell.branch else None
    if tree is None:
        tree = course.tree(_branch(cell))
    with project_with(tree) as source:
        # At the step that overtakes, all are judged: what is overtaken must be unmet.
        at = None if cell.is_start or just_overtaken else cell.branch
        [report] = check(course, [cell.step], source, at=at)
    unmet = tuple(
        finding.id
        for finding in report.findings
        if finding.verdict not in (Verdict.PASS, Verdict.SKIPPED)
    )
    found = (
        _defects_of_start(cell, report)
        if cell.is_start
        else _defects_of_done(cell, report, overtaken, just_overtaken)
    )
    met = sum(finding.verdict is Verdict.PASS for finding in report.findings)
    return Judged(met, len(report.findings), tuple(overtaken), unmet, tuple(found))


def _branch(cell: Cell) -> Step:
    assert cell.branch is not None
    return cell.branch


def _overtaken(course: Course, cell: Cell) -> tuple[list[str], list[str]]:
    """The criteria that the branch overtook, and those that it is the first to overtake."""
    if cell.branch is None or cell.is_start:
        return [], []
    gone = [
        declared
        for declared in declared_criteria(cell.step)
        if declared.overtaken_at(course, cell.branch)
    ]
    first = [each.id for each in gone if each.until in (cell.branch.slug, cell.branch.name)]
    return [each.id for each in gone], first


def _defects_of_start(cell: Cell, report: Report) -> Iterator[str]:
    where = f"exercises/{cell.step.name}"
    if report.verdict in (Verdict.PASS, Verdict.SKIPPED):
        yield f"{where}: all criteria are met before anything is done ({cell.name})"
    for finding in report.findings:
        if finding.verdict is Verdict.INFRA:
            yield f"{where}: {cell.name}: {told(finding)}"


def _defects_of_done(
    cell: Cell, report: Report, overtaken: list[str], just_overtaken: list[str]
) -> Iterator[str]:
    where = f"solutions/{cell.branch.name if cell.branch else ''}"
    for finding in report.findings:
        if finding.id in just_overtaken:
            if finding.verdict in (Verdict.PASS, Verdict.INFRA):
                yield (
                    f"exercises/{cell.step.name}: {finding.id} says until={_branch(cell).slug}, "
                    f"and there it is {finding.verdict}: it is not overtaken"
                )
        elif finding.id in overtaken:
            continue
        elif finding.verdict not in (Verdict.PASS, Verdict.SKIPPED):
            yield f"{where}: {cell.name}: {told(finding)}"
