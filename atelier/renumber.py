"""Steps that get another number: what has the old one in its name or its text.

A step is called by its name (NN-slug), by its number and its title, by its number in a table of
the lessons, in prose (lesson NN, leçon NN, lessons NN and NN), and in commands (atelier check NN).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from atelier.course import Step

_CONTENT = ("exercises", "solutions", "lessons")  # whose folders and files bear a step's name
_NUMBER = r"(?<!\d)\d\d(?!\d)"
_ONE = r"(?:lesson|leçon|step|étape)"
_LIST = rf"{_NUMBER}(?:(?:,| and| or| to| et| ou| à)\s{_NUMBER})*"
_IN_PROSE = rf"(?<![\w-])(?i:{_ONE}\s{_NUMBER}|{_ONE}s\s{_LIST})(?!-?\w)"
_IN_COMMANDS = rf"(?:\batelier |`)(?:check|follow|lesson|start --at) {_NUMBER}(?!-)"
# The first cell of a row whose link leads to the page of the same step.
_IN_A_TABLE = r"^\| (?P<row>\d\d) \|(?=.*/(?P=row)-[\w-]+\.md\))"


class Renumbering:
    """Each of `steps` gets the number after its own."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._numbers = {f"{step.number:02d}": f"{step.number + 1:02d}" for step in steps}
        self._names = {step.name: f"{step.number + 1:02d}-{step.slug}" for step in steps}
        # A whole name: in solution/NN-slug and in NN-slug.md, not in NN-slug-of-another.
        names = "|".join(map(re.escape, self._names))
        self._name = re.compile(rf"(?<![\w-])(?:{names})(?![\w-])")
        titled = "|".join(
            rf"(?<!\d){step.number:02d}(?= · {re.escape(title)})"
            for step in steps
            for title in step.titles.values()
        )
        self._some_number = re.compile(rf"(?<!\d)(?:{'|'.join(self._numbers) or '(?!)'})(?!\d)")
        # One pattern, so that no number is changed twice.
        self._number = re.compile(
            "|".join((_IN_COMMANDS, _IN_PROSE, _IN_A_TABLE, titled)), re.MULTILINE
        )

    def __bool__(self) -> bool:
        """Whether there is anything to renumber."""
        return bool(self._numbers)

    def text(self, text: str) -> str:
        """Return `text` with the new numbers."""
        # Numbers before names: a row of a table is known by the old name that it links to.
        return self.named(self._numbered(text))

    def _numbered(self, text: str) -> str:
        """Return `text` with the new numbers, its names as they were.

        The search is slow, so only lines with such a number are searched, and those beside
        them: a sentence may go on there.
        """
        lines = text.split("\n")
        found = {at for at, line in enumerate(lines) if self._some_number.search(line)}
        near = {at + beside for at in found for beside in (-1, 0, 1)}
        parts = itertools.groupby(range(len(lines)), near.__contains__)
        joined = ((search, "\n".join(lines[at] for at in part)) for search, part in parts)
        return "\n".join(
            self._number.sub(self._renumber, part) if search else part for search, part in joined
        )

    def named(self, text: str) -> str:
        """Return `text` with the new names, and numbers that stand alone left as they are."""
        return self._name.sub(lambda match: self._names[match[0]], text)

    def _renumber(self, match: re.Match[str]) -> str:
        return re.sub(_NUMBER, lambda found: self._numbers.get(found[0], found[0]), match[0])

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the steps: the new one by the old one."""
        return self._names

    def moves(self, files: Iterable[str]) -> Sequence[tuple[str, str]]:
        """Return the folders and files among `files` that get another name: old and new.

        In an order in which no new name is taken: the highest number first.
        """
        moves: dict[str, str] = {}
        for file in files:
            parts = PurePosixPath(file).parts
            at = next((at for at, part in enumerate(parts) if self._new(part) != part), None)
            if at is not None and parts[0] in _CONTENT:
                old = PurePosixPath(*parts[: at + 1])
                moves[str(old)] = str(old.with_name(self._new(old.name)))
        return sorted(moves.items(), key=lambda move: PurePosixPath(move[0]).name, reverse=True)

    def _new(self, part: str) -> str:
        stem, dot, suffix = part.partition(".")
        return self._names.get(stem, stem) + dot + suffix
