"""One line of what the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from atelier.i18n import Text


class Level(IntEnum):
    """How it stands; also the exit code of `doctor`, the worst of its lines."""

    READY = 0
    FIX = 1  # the learner can, and `fix` says how
    ASK = 2  # somebody who administers the machine can


@dataclass(frozen=True)
class Line:
    """What was looked at, how it stands, and what to type."""

    id: str
    level: Level
    text: Text | str
    fix: Text | str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of `doctor --json`."""
        return {
            "id": self.id,
            "level": self.level.name.lower(),
            "text": str(self.text),
            "fix": str(self.fix) or None,
        }
