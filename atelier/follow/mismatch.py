"""A lesson and the machine do not agree."""

from __future__ import annotations

import textwrap
from pathlib import Path


class Mismatch(Exception):
    """What a lesson says is not what happened: `file:line: what`, then what was seen."""

    def __init__(self, file: Path, line: int, what: str, **seen: str) -> None:
        parts = [f"{file}:{line}: {what}"]
        for name, text in seen.items():
            parts += [f"  {name}:", textwrap.indent(text, "    ", lambda _line: True)]
        super().__init__("\n".join(parts))


class CannotFollow(Exception):
    """The machine is not ready for a run; the text says why."""
