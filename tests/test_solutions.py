"""What `verify` proves, as far as a commit needs it: solutions, starts, the app at the root.

Each branch on its own step and on the next, the last branch on every step; the whole matrix
is `atelier verify`'s. Answers are in tests/test_answers.py, lessons in tests/test_lessons.py.
"""

from __future__ import annotations

import pytest

from atelier.answers import answers_to
from atelier.course import Course, Step, workshop_root
from atelier.verify.branches import branch_defects
from atelier.verify.cells import Cell, cells, judge_cell
from atelier.verify.criteria import declared_criteria, never_unmet
from atelier.verify.root_app import root_defects
from atelier.verify.texts import step_defects

COURSE = Course(workshop_root())
LAST = COURSE.steps[-1]
OVERTAKING = {declared.until for step in COURSE.steps for declared in declared_criteria(step)}


def of_a_commit(cell: Cell) -> bool:
    """Whether a commit needs this cell: also where a criterion must be seen to be overtaken."""
    branch = cell.branch
    return branch in (cell.step, LAST) or (branch is not None and branch.slug in OVERTAKING)


DONE = [cell for cell in cells(COURSE) if not cell.is_start and of_a_commit(cell)]
STARTS = [cell for cell in cells(COURSE) if cell.is_start]


@pytest.mark.parametrize("cell", DONE, ids=lambda cell: cell.name)
def test_solution_passes(cell: Cell) -> None:
    assert judge_cell(COURSE, cell).defects == ()


@pytest.mark.parametrize("cell", STARTS, ids=lambda cell: cell.name)
def test_start_does_not_pass_and_every_criterion_can_be_unmet(cell: Cell) -> None:
    judged = judge_cell(COURSE, cell)
    assert judged.defects == ()
    unmet = {(cell.step.name, each) for each in judged.unmet}
    # tests/test_answers.py shows that each of these is found where its answer says.
    for answer in answers_to(cell.step):
        if answer.expectation:
            unmet.add((cell.step.name, answer.expectation.criterion))
    assert list(never_unmet(declared_criteria(cell.step), unmet)) == []


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_step_is_whole(step: Step) -> None:
    assert list(step_defects(step)) == []


def test_branches_are_the_same_everywhere() -> None:
    assert list(branch_defects(COURSE)) == []


def test_the_app_at_the_root_is_the_last_tree() -> None:
    assert list(root_defects(COURSE)) == []
