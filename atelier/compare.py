"""The learner's files of a step beside the solution's, as lines of text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from atelier.course import Course, Step, read_tree
from atelier.harness.environment import decode
from atelier.i18n import _

LOCK = "Pipfile.lock"  # made by a command, and too long to read


class Kind(Enum):
    """What a line is: for its colour."""

    HEADING = "heading"
    PLACE = "place"
    YOURS = "yours"
    SOLUTION = "solution"
    SAME = "same"
    NOTE = "note"


@dataclass(frozen=True)
class Line:
    """One line to show."""

    kind: Kind
    text: str


def files_to_compare(step: Step) -> dict[str, bytes | None]:
    """Return the step's own files with the solution's content, None for one that goes away."""
    wanted: dict[str, bytes | None] = dict.fromkeys(step.removes)
    return wanted | read_tree(step.exercise / "start") | read_tree(step.solution)


def made_by_a_command(step: Step, name: str) -> bool:
    """Whether nobody writes the file `name` by hand."""
    return name == LOCK or step.generates(name)


def differences(course: Course, step: Step, project: Path) -> Iterator[Line]:
    """Yield what differs between the files in `project` and the solution of `step`."""
    later = course.steps[len(course.up_to(step)) :]
    overtaken = {name for other in later for name in read_tree(other.solution)}
    for name, wanted in sorted(files_to_compare(step).items()):
        if made_by_a_command(step, name):
            continue
        yield from _of_file(name, project / name, wanted, changes_later=name in overtaken)
    made = sorted(name for name in files_to_compare(step) if made_by_a_command(step, name))
    if made:
        yield Line(Kind.NOTE, "")
        yield Line(Kind.NOTE, _("Made by a command, not compared: {files}", files=", ".join(made)))


def _of_file(name: str, path: Path, wanted: bytes | None, *, changes_later: bool) -> Iterator[Line]:
    yield Line(Kind.HEADING, name)
    mine = decode(path.read_bytes()).splitlines() if path.is_file() else None
    theirs = None if wanted is None else decode(wanted).splitlines()
    if mine == theirs:
        yield Line(Kind.NOTE, "  " + _("the same as the solution"))
        return
    if mine is None:
        yield Line(Kind.NOTE, "  " + _("You have no such file. The solution's:"))
    elif theirs is None:
        yield Line(Kind.NOTE, "  " + _("The solution has no such file any more."))
        return
    elif changes_later:
        yield Line(Kind.NOTE, "  " + _("A later step changes this file again."))
    for line in list(difflib.unified_diff(mine or [], theirs or [], n=2, lineterm=""))[2:]:
        if line.startswith("@@"):
            yield Line(Kind.PLACE, line)
        elif line.startswith("-"):
            yield Line(Kind.YOURS, line)
        elif line.startswith("+"):
            yield Line(Kind.SOLUTION, line)
        else:
            yield Line(Kind.SAME, line)
