"""Solutions pass, starts do not, and no criterion is one that cannot be unmet."""

from __future__ import annotations

import pytest

from atelier.answers import answers_to, project_with
from atelier.checks.report import Report
from atelier.checks.runner import check
from atelier.course import Course, Step, Tree, workshop_root
from atelier.verdicts import Verdict

COURSE = Course(workshop_root())
STEPS = [pytest.param(step, id=step.name) for step in COURSE.steps]


def judge(tree: Tree, step: Step, at: Step | None = None) -> Report:
    with project_with(tree) as source:
        [report] = check(COURSE, [step], source, at=at)
    return report


@pytest.mark.parametrize("step", STEPS)
def test_solution_passes_its_own_step(step: Step) -> None:
    assert judge(COURSE.tree(step), step).verdict is Verdict.PASS


@pytest.mark.parametrize("step", STEPS[:-1])
def test_last_solution_passes_every_step(step: Step) -> None:
    last = COURSE.steps[-1]
    report = judge(COURSE.tree(last), step, at=last)
    assert report.verdict is Verdict.PASS, report


@pytest.mark.parametrize("step", STEPS)
def test_start_does_not_pass_and_every_criterion_can_be_unmet(step: Step) -> None:
    report = judge(COURSE.tree_before(step), step)

    assert report.verdict not in (Verdict.PASS, Verdict.INFRA), report
    unmet = {finding.id for finding in report.findings if finding.verdict is not Verdict.PASS}
    # tests/test_answers.py shows that each of these is found where its answer says.
    unmet |= {answer.expectation.criterion for answer in answers_to(step) if answer.expectation}
    assert {finding.id for finding in report.findings} - unmet == set()


def test_overtaken_criteria_really_fail() -> None:
    step, overtaken_at = COURSE.step("slow-request"), COURSE.step("do-not-block")
    report = judge(COURSE.tree(overtaken_at), step)
    unmet = [finding.id for finding in report.findings if finding.verdict is not Verdict.PASS]
    assert unmet == ["each_list_is_slow"]


@pytest.mark.parametrize("step", STEPS)
def test_two_answers_of_each_kind(step: Step) -> None:
    answers = list(answers_to(step))
    assert sum(answer.expectation is None for answer in answers) >= 2
    assert sum(answer.expectation is not None for answer in answers) >= 2
