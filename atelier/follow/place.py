"""Where a lesson is followed: the course, the step, the learner's project and home."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from atelier.course import Course, Step
from atelier.follow.home import Home
from atelier.harness.family import Family


@dataclass(frozen=True)
class Place:
    """All that a lesson needs around it; every process started for it is of `family`."""

    course: Course
    step: Step
    project: Path
    home: Home
    family: Family
    shell: str

    def pause(self) -> None:
        """Wait a moment before another look."""
        time.sleep(0.1)
