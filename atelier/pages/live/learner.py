"""What the live pages ask of the learner's desk; the commands answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from atelier.course import Course, Step
from atelier.pages.site import Standing

if TYPE_CHECKING:
    from atelier.compare import Line
    from atelier.watch.engine import Engine


class Learner(Protocol):
    """The project of the learner, and what its commands do: read anew at each question.

    Each method but `standing` raises ProjectError where its command would.
    """

    @property
    def course(self) -> Course:
        """The course."""
        ...

    @property
    def place(self) -> Path:
        """The folder of the project, which may not be there."""
        ...

    @property
    def step(self) -> Step:
        """The step that the project is at."""
        ...

    def standing(self) -> Standing:
        """How far the project is."""
        ...

    def engine(self, project: Path, step: Step, reached: Step) -> Engine:
        """Return an engine for `project`, which has reached the step `reached`; not started."""
        ...

    def hints(self, step: Step) -> tuple[list[tuple[str, str]], int]:
        """Return the hints shown so far, each with its heading, and how many there are."""
        ...

    def next_hint(self, step: Step) -> None:
        """Show one hint more."""
        ...

    def differences(self, step: Step) -> list[Line]:
        """Return what differs between the project's files and the solution of `step`."""
        ...

    def redis_url(self) -> str:
        """Return the address of the project's Redis."""
        ...

    def go_on(self) -> list[str]:
        """Go to the next step, after a snapshot; return what is to be said."""
        ...

    def undo(self) -> list[str]:
        """Bring the last snapshot back; return what is to be said."""
        ...
