"""What the live pages ask of the commands: the same work, and the same memory, as in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from atelier.commands.change import keep
from atelier.commands.compare import legend
from atelier.commands.desk import Desk
from atelier.commands.hint import next_hints, shown_hints
from atelier.commands.progress import go_on
from atelier.commands.servers import redis_url
from atelier.commands.undo import undo_once
from atelier.compare import Kind, Line, differences
from atelier.course import Course, Step
from atelier.pages.site import Standing

# Late, because the first page waits for it.
if TYPE_CHECKING:
    from atelier.watch.engine import Engine


class LiveDesk:
    """The learner of the live pages (`atelier.pages.live.learner.Learner`).

    The course is read once. What is remembered is read anew: a terminal may have changed it.
    """

    def __init__(self, course: Course) -> None:
        self.course = course

    def _desk(self) -> Desk:
        return Desk(self.course)

    @property
    def place(self) -> Path:
        """Where the project is, or was."""
        return self._desk().place

    @property
    def step(self) -> Step:
        """The step that the project is at."""
        return self._desk().step()

    def standing(self) -> Standing:
        """How far the project is; nothing before there is one."""
        state = self._desk().state
        progress = state.progress(state.project) if state.project else None
        return Standing(frozenset(progress.met), progress.step) if progress else Standing()

    def engine(self, project: Path, step: Step, reached: Step) -> Engine:
        """Return an engine that remembers what is met."""
        from atelier.watch.engine import Engine

        return Engine(
            self.course,
            project,
            step,
            reached=reached,
            met=lambda step: self._desk().mark_met(project, [step.name]),
        )

    def hints(self, step: Step) -> tuple[list[tuple[str, str]], int]:
        """Return the hints shown so far, here or in a terminal, and how many there are."""
        desk = self._desk()
        return shown_hints(desk, desk.place, step)

    def next_hint(self, step: Step) -> None:
        """Show one hint more."""
        desk = self._desk()
        next_hints(desk, desk.place, step)

    def differences(self, step: Step) -> list[Line]:
        """Compare as `diff` does."""
        notes = [Line(Kind.NOTE, text) for text in legend()]
        return [*notes, *differences(self.course, step, self._desk().project)]

    def redis_url(self) -> str:
        """Return the address that `queue` looks at."""
        return redis_url(self._desk().project)

    def go_on(self) -> list[str]:
        """Go on as `next` does."""
        desk = self._desk()
        keep(desk, desk.project, "next")
        return [click.unstyle(line) for line in go_on(desk, desk.project)]

    def undo(self) -> list[str]:
        """Undo as `undo` does."""
        return [click.unstyle(line) for line in undo_once(self._desk())]
