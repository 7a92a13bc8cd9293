"""Commands of the tool, run in the tests' own process."""

from __future__ import annotations

import pytest

from atelier.commands import desk
from atelier.commands.group import atelier
from atelier.course import Course
from atelier.i18n import choose_language


class Say:
    """Call it with the words of a command. `code` is how the last one ended."""

    code: object = None

    def __init__(
        self, course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Speak English, for the workshop of `course`."""
        choose_language("en")
        monkeypatch.setattr(desk, "workshop_root", lambda: course.root)
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        """Run a command; return what it prints."""
        self.code = atelier.main(list(arguments), "atelier", standalone_mode=False)
        return self._capsys.readouterr().out
