"""`lesson`: a lesson in the terminal."""

from __future__ import annotations

from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.commands.markdown import show
from atelier.course import Step
from atelier.i18n import _, chosen_language
from atelier.project import ProjectError


@atelier.command(help=_("Read the lesson of a step (default: the current one) in the terminal."))
@step_argument
@in_a_language
def lesson(step_name: str | None) -> None:
    """Show the lesson, in a pager when it is longer than the terminal."""
    show(lesson_text(Desk().step(step_name)), pager=True)


def lesson_text(step: Step) -> str:
    """Return the lesson of `step` as it is for a reader. Raises ProjectError."""
    file = step.lesson(chosen_language())
    if not file.is_file():
        raise ProjectError(_("The step {step} has no lesson yet.", step=step.name), "no-lesson")
    # What only the program that follows lessons must know is not for the reader.
    return "\n".join(
        line for line in file.read_text("utf-8").splitlines() if not line.startswith("<!-- follow:")
    )
