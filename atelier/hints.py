"""The hints of a step: one at a time, in the order they are written."""

from __future__ import annotations

import re

from atelier.course import Step

_HEADING = re.compile(r"^## +\d+ *$", re.MULTILINE)


def hints(step: Step, language: str) -> list[str]:
    """Return the hints of `step` in Markdown, without their numbers; empty where it has none."""
    file = step.exercise / f"hints.{language}.md"
    if not file.is_file():
        return []
    parts = _HEADING.split(file.read_text("utf-8"))
    return [part.strip() for part in parts if part.strip()]
