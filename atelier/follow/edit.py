r"""A file block applied to a file, as a reader does it.

A block is made of pieces, between lines `# [...]`. Each piece takes the place of the lines
of the file that it shows again, from the first to the last:

- its head is where the most of its first lines stand in the file, one below the other;
- its tail is where the most of its last lines do, below the head;
- what lies from the head to the tail becomes the piece.

So what the piece adds is put in, what it leaves out is taken away, and what it has
otherwise is replaced: a solution, an attempt and an experiment follow the same rule. With
no `# [...]` above it, a piece begins where the file begins; with none below it, it ends
where the file ends. Pieces come in the order of the file. A piece of which neither the
head nor the tail stands in the file cannot be placed. Comments count as equal: they are
in the lesson's language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEFT_OUT = re.compile(r"^\s*(#|//|--)?\s*\[\.\.\.\]\s*$")
_COMMENT = re.compile(r"(^|\s+)#(?![^\n]*['\"]).*$")


class NoPlace(ValueError):
    """A piece of a block cannot be placed in the file; the text says why."""


def apply(block: str, content: str) -> str:
    """Return the file `content` once `block` is applied. Raises NoPlace."""
    lines = content.splitlines()
    start = 0
    for piece, opens, closes in _pieces(block):
        first, last = _place(piece, lines, start, opens=opens, closes=closes)
        if _keys(piece) != _keys(lines[first:last]):
            lines[first:last] = piece
            last = first + len(piece)
        start = last
    return "".join(f"{line}\n" for line in lines)


def _pieces(block: str) -> list[tuple[list[str], bool, bool]]:
    """The pieces of a block; whether the file begins with it, and whether it ends with it."""
    parts: list[list[str]] = [[]]
    for line in block.splitlines():
        if _LEFT_OUT.match(line):
            parts.append([])
        else:
            parts[-1].append(line.rstrip())
    last = len(parts) - 1
    trimmed = [_without_empty_ends(part) for part in parts]
    return [(part, at == 0, at == last) for at, part in enumerate(trimmed) if part]


def _without_empty_ends(lines: list[str]) -> list[str]:
    filled = [at for at, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _place(
    piece: Sequence[str], lines: Sequence[str], start: int, *, opens: bool, closes: bool
) -> tuple[int, int]:
    """Return the first and last line (not included) that `piece` takes the place of."""
    wanted, there = _keys(piece), _keys(lines)
    head, length = (0, _run(wanted, there)) if opens else _most(wanted, there, start)
    top = start if head is None else head
    end = len(there) if closes else _tail(wanted, there, top, top + length)
    below = 0 if end is None else _run(wanted[::-1], there[top:end][::-1])
    if head is None and not below:
        raise NoPlace(f"the line {piece[0].strip()!r} does not stand in the file")
    if end is None and not length:
        raise NoPlace(f"the line {piece[-1].strip()!r} does not stand in the file")
    if head is None:
        assert end is not None
        return end - below, end  # new lines above the tail
    if end is None:
        return head, head + length  # new lines below the head
    return head, end


def _most(wanted: Sequence[str], there: Sequence[str], start: int) -> tuple[int | None, int]:
    """Where the most of the first lines of `wanted` stand in `there`, and how many they are."""
    best: tuple[int | None, int] = (None, 0)
    for at in range(start, len(there)):
        length = _run(wanted, there[at:])
        if length > best[1]:
            best = (at, length)
    return best


def _tail(wanted: Sequence[str], there: Sequence[str], above: int, after: int) -> int | None:
    """Where the most of the last lines of `wanted` end: at `after` or later, all below `above`."""
    best: tuple[int | None, int] = (None, 0)
    for end in range(after, len(there) + 1):
        length = _run(wanted[::-1], there[above:end][::-1])
        if length > best[1]:
            best = (end, length)
    return best[0]


def _run(wanted: Sequence[str], there: Sequence[str]) -> int:
    """How many lines are the same from the start."""
    length = 0
    for one, other in zip(wanted, there, strict=False):
        if one != other:
            break
        length += 1
    return length


def _keys(lines: Sequence[str]) -> list[str]:
    """Lines as they are compared: a comment counts, its words do not."""
    return [_COMMENT.sub(r" #", line).rstrip() for line in lines]
