"""One language followed word for word; `atelier verify` follows the other too, in zsh."""

from __future__ import annotations

import pytest

from atelier.follow.mismatch import CannotFollow
from atelier.follow.ports import LESSON_PORTS, require_free
from tests.projects import atelier


def test_the_lessons_are_right() -> None:
    try:
        require_free(LESSON_PORTS)
    except CannotFollow as error:
        pytest.skip(str(error))
    done = atelier("follow", "--lang", "en", timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
