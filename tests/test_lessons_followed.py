"""One language followed word for word; `atelier verify` follows the other too, in zsh.

In parts, side by side where each can have a network of its own: a part begins
with the files that the one before must end with.
"""

from __future__ import annotations

import pytest

from atelier.course import Course, workshop_root
from atelier.follow.mismatch import CannotFollow
from atelier.follow.ports import LESSON_PORTS, require_free
from atelier.verify.jobs import follow_parts
from tests.projects import atelier

PARTS = follow_parts(Course(workshop_root()))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part[0]} to {part[-1]}")
def test_the_lessons_are_right(part: list[str]) -> None:
    options = ["--own-network"] if len(PARTS) > 1 else []
    if not options:
        try:
            require_free(LESSON_PORTS)
        except CannotFollow as error:
            pytest.skip(str(error))
    done = atelier("follow", *part, "--lang", "en", *options, timeout=2400)
    assert done.returncode == 0, done.stdout + done.stderr
