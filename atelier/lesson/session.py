"""A Python session as a lesson shows it: what is typed, and what the shell answers."""

from __future__ import annotations

from codeop import compile_command
from dataclasses import dataclass, field

_PROMPT, _MORE = ">>> ", "..."


@dataclass
class Exchange:
    """One statement and the answer to it; `line` counts from 0 in the block."""

    line: int
    typed: list[str]
    answer: list[str] = field(default_factory=list)


def read_session(text: str) -> list[Exchange]:
    """Read the exchanges in `text`.

    A line that begins with `...` goes on with a statement that is not complete yet;
    below a complete one it is a part of the answer, and stands for what varies.
    """
    exchanges: list[Exchange] = []
    for number, line in enumerate(text.splitlines()):
        if line.startswith(_PROMPT):
            exchanges.append(Exchange(number, [line.removeprefix(_PROMPT)]))
        elif not exchanges:
            raise ValueError(f"a session begins with {_PROMPT!r}")
        elif line.startswith(_MORE) and not _complete(exchanges[-1].typed):
            exchanges[-1].typed.append(line.removeprefix(_MORE).removeprefix(" "))
        else:
            exchanges[-1].answer.append(line)
    return exchanges


def _complete(typed: list[str]) -> bool:
    try:
        return compile_command("\n".join(typed)) is not None
    except (SyntaxError, ValueError, OverflowError):
        return True  # the shell has something to say, too
