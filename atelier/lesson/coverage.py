"""What a lesson shows of its step's solution: all of it (guided), nothing (practice).

A practice step may name files that are `given`: they are not the exercise, and shown in full.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from atelier.course import Course, Step, Tree
from atelier.lesson.blocks import Code, Document, FileBlock, Output
from atelier.lesson.code import essential_lines, pieces, stands_in

# Changed by commands (pipenv), which the lesson shows.
_BY_COMMAND = frozenset({"Pipfile", "Pipfile.lock"})
_EXPERIMENT = ("Experiment", "Expérience")


def coverage_defects(course: Course, step: Step, document: Document) -> Iterator[str]:
    """Yield what the lesson shows wrongly, leaves out, or gives away."""
    before: Tree = course.tree_before(step)
    added = {
        name: lines
        for name, content in course.tree(step).items()
        if (lines := added_lines(before.get(name, b""), content))
        and name not in _BY_COMMAND
        and not step.generates(name)
    }
    if step.kind == "practice":
        given = {name: runs for name, runs in added.items() if name in step.given}
        asked = {name: runs for name, runs in added.items() if name not in step.given}
        yield from _wrong_pieces(course.tree(step), document, step.given)
        yield from _hidden_lines(document, given)
        yield from _leaks(step, document, asked)
    elif step.kind == "guided":
        yield from _wrong_pieces(course.tree(step), document)
        yield from _hidden_lines(document, added)


def added_lines(before: bytes, after: bytes) -> list[list[str]]:
    """Return the runs of essential lines that `after` has and `before` has not."""
    old, new = (essential_lines(content.decode("utf-8", "replace")) for content in (before, after))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        new[start:end]
        for tag, _i1, _i2, start, end in matcher.get_opcodes()
        if tag in ("insert", "replace")
    ]


def _shown(document: Document) -> list[FileBlock]:
    """The file blocks that count: outside experiments, and not on the way to another state."""
    return [
        block
        for block in document.blocks
        if isinstance(block, FileBlock)
        and document.section(block) not in _EXPERIMENT
        and block.directive("interim") is None
    ]


def _wrong_pieces(
    tree: Tree, document: Document, only: Collection[str] | None = None
) -> Iterator[str]:
    for block in _shown(document):
        if only is not None and block.file not in only:
            continue
        if block.file not in tree:
            yield f"{document.path}:{block.line}: the solution has no file {block.file}"
            continue
        lines = essential_lines(tree[block.file].decode("utf-8", "replace"))
        for piece in pieces(block.text):
            if not stands_in(piece, lines):
                yield (
                    f"{document.path}:{block.line}: this piece of {block.file} does not stand "
                    f"in the solution: {piece[0].strip()}"
                )


def _hidden_lines(document: Document, added: dict[str, list[list[str]]]) -> Iterator[str]:
    shown: dict[str, set[str]] = {}
    for block in _shown(document):
        shown.setdefault(block.file, set()).update(line for p in pieces(block.text) for line in p)
    for name, runs in added.items():
        for line in (line for run in runs for line in run):
            if line not in shown.get(name, ()):
                yield f"{document.path}:1: this line of {name} is never shown: {line.strip()}"


def _leaks(step: Step, document: Document, added: dict[str, list[list[str]]]) -> Iterator[str]:
    for block in document.blocks:
        if not isinstance(block, Code) or isinstance(block, Output):
            continue
        lines = [_bare(line) for line in essential_lines(block.text)]
        for run in (run for runs in added.values() for run in runs):
            bare = [_bare(line) for line in run]
            for pair in pairwise(bare):
                if stands_in(list(pair), lines):
                    yield f"{document.path}:{block.line}: gives the solution away: {pair[0]} …"
            yield from (
                f"{document.path}:{block.line}: shows a line of the solution that is not in "
                f"may_show: {line}"
                for line in _alone(bare, lines)
                if line not in step.may_show
            )


def _alone(wanted: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    yield from (line for line in wanted if line in lines)


def _bare(line: str) -> str:
    """A line without its place: indentation, a prompt."""
    return re.sub(r"^(>>>|\.\.\.|\$)\s", "", line.strip()).strip()
