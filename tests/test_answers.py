"""Each wrong answer fails where it says, each right one passes, each criterion can fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from atelier.answers import Answer, answers_to, judge_answer
from atelier.course import Course, workshop_root

COURSE = Course(workshop_root())


def all_answers() -> Iterator[Answer]:
    for step in COURSE.steps:
        yield from answers_to(step)


@pytest.mark.parametrize("answer", list(all_answers()), ids=lambda answer: answer.name)
def test_answer_is_judged_as_it_says(answer: Answer) -> None:
    _report, defects = judge_answer(COURSE, answer)
    assert not defects, "\n".join(defects)
