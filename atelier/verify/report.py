"""What `verify` found, as data."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from atelier.answers import sound_answers
from atelier.catalogue import translated
from atelier.course import BrokenCourse, Course
from atelier.i18n import LANGUAGES
from atelier.verify.criteria import declared_criteria


class Grade(StrEnum):
    """How a cell of the matrix stands."""

    MET = "met"
    OVERTAKEN = "overtaken"  # met, but for criteria that a later step overtook
    NOT_YET = "not yet"  # as it must be: the step that comes next
    DEFECT = "defect"


@dataclass(frozen=True)
class Graded:
    """A cell: the branch ("" for an empty project), the step, and how it stands."""

    branch: str
    step: str
    grade: Grade
    met: int
    total: int
    overtaken: tuple[str, ...] = ()


@dataclass
class Verification:
    """The whole account: what there is, what was judged, and every defect."""

    steps: tuple[str, ...]
    fast: bool
    criteria: int = 0
    wrong: int = 0
    right: int = 0
    strings: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, list[str]] = field(default_factory=lambda: {each: [] for each in LANGUAGES})
    matrix: list[Graded] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `verify --json`."""
        return {
            "fast": self.fast,
            "steps": len(self.steps),
            "criteria": self.criteria,
            "answers": {"wrong": self.wrong, "right": self.right},
            "commands": {
                language: {
                    "run": self.commands[language],
                    "skipped": len(self.skipped[language]),
                    "reasons": self.skipped[language],
                }
                for language in LANGUAGES
            },
            "strings": self.strings,
            "matrix": [
                {
                    "branch": cell.branch or None,
                    "step": cell.step,
                    "grade": cell.grade.value,
                    "met": cell.met,
                    "criteria": cell.total,
                    "overtaken": list(cell.overtaken),
                }
                for cell in sorted(self.matrix, key=lambda cell: (cell.branch, cell.step))
            ],
            "defects": self.defects,
            "seconds": round(self.seconds, 3),
        }


def counted(course: Course, *, fast: bool) -> Verification:
    """Return an account with what the course has, and nothing judged yet."""
    account = Verification(tuple(step.name for step in course.steps), fast)
    for step in course.steps:
        with contextlib.suppress(BrokenCourse):  # told with the defects of its step
            account.criteria += len(declared_criteria(step))
        for answer in sound_answers(step):
            account.right += answer.expectation is None
            account.wrong += answer.expectation is not None
    account.strings = translated(course.root)
    return account


def relative(course: Course, defects: Iterable[str]) -> list[str]:
    """Return defects with files named from the root of the workshop."""
    return [defect.replace(f"{course.root}/", "") for defect in defects]
