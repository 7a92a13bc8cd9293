"""What a lesson says is printed, compared with what is printed.

A line `...` stands for any number of lines, none included; `...` within a line stands for
any characters. Colours, spaces at the end of a line, and empty lines at both ends of what
is compared do not count.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cM])"
)
_ANY = "..."
_LAST_LINES = 25


def readable(raw: str) -> str:
    """Return `raw` as it stands in a terminal: no escape sequences, no overwritten text."""
    text = _ESCAPES.sub("", raw)
    lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return "\n".join(lines)


def is_whole(expected: str, printed: str) -> bool:
    """Whether `printed`, from its first line to its last, is what `expected` says."""
    lines = _trimmed(printed)
    return re.fullmatch(_pattern(_trimmed(expected)), _joined(lines)) is not None


def find(expected: str, text: str) -> int | None:
    """Return where the lines that `expected` says end in `text`, None when they are not there.

    The position is one of `text` as it was given.
    """
    wanted = _trimmed(expected)
    while wanted and wanted[0] == _ANY:  # at the ends, any lines are there or not
        del wanted[0]
    while wanted and wanted[-1] == _ANY:
        del wanted[-1]
    lines = text.split("\n")
    match = re.search(_pattern(wanted), _joined([line.rstrip() for line in lines]), re.MULTILINE)
    if match is None:
        return None
    last = match.string.count("\n", 0, match.end())
    return min(len(text), sum(len(line) + 1 for line in lines[:last]))


def end_of(printed: str) -> str:
    """Return the last lines of `printed`."""
    lines = _trimmed(printed)
    cut = ["[...]"] if len(lines) > _LAST_LINES else []
    return "\n".join([*cut, *lines[-_LAST_LINES:]]) or "(nothing)"


def _trimmed(text: str) -> list[str]:
    """The lines of `text` without spaces at their ends, nor empty lines around them."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        del lines[0]
    return lines


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _pattern(lines: list[str]) -> str:
    return "^" + "".join(
        r"(?:[^\n]*\n)*?"
        if line == _ANY
        else "[^\n]*".join(map(re.escape, line.split(_ANY))) + r"\n"
        for line in lines
    )
