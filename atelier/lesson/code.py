"""Code compared by what it does: without comments and blank lines."""

from __future__ import annotations

import re

ELISION = "[...]"
_COMMENT = re.compile(r"(?:^|\s+)#(?!\s*\[\.\.\.\]).*$")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")


def essential_lines(text: str) -> list[str]:
    """Return the lines of `text` without comments, blank lines and trailing spaces.

    A `#` inside a one-line string is no comment.
    """
    lines = (_without_comment(line).rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip()]


def _without_comment(line: str) -> str:
    # Strings are blanked at the same length, so that a place in one is a place in the other.
    blanked = _STRING.sub(lambda match: "_" * len(match[0]), line)
    match = _COMMENT.search(blanked)
    return line[: match.start()] if match else line


def pieces(text: str) -> list[list[str]]:
    """Return the essential lines of each piece between lines that hold only `# [...]`."""
    found: list[list[str]] = [[]]
    for line in essential_lines(text):
        if line.strip().lstrip("#/<!- ").startswith(ELISION):
            found.append([])
        else:
            found[-1].append(line)
    return [piece for piece in found if piece]


def stands_in(piece: list[str], lines: list[str]) -> bool:
    """Whether `piece` stands in `lines` as consecutive lines."""
    size = len(piece)
    return any(lines[at : at + size] == piece for at in range(len(lines) - size + 1))
