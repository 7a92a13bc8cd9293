"""`diff` and `solution`: the learner's files beside the solution's, and the solution itself."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from atelier.commands.change import change, tell_changes, tell_undo
from atelier.commands.desk import RUN, Desk, title
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.compare import Kind, Line, differences, files_to_compare, made_by_a_command
from atelier.harness.environment import decode
from atelier.i18n import Text, _
from atelier.moves import apply_solution

_STYLES: dict[Kind, dict[str, object]] = {
    Kind.HEADING: {"bold": True},
    Kind.PLACE: {"fg": "cyan"},
    Kind.YOURS: {"fg": "red"},
    Kind.SOLUTION: {"fg": "green"},
    Kind.SAME: {},
    Kind.NOTE: {"dim": True},
}


@atelier.command("diff", help=_("Show how your files of a step differ from the solution's."))
@step_argument
@click.option("--anyway", is_flag=True, help=_("Do not ask, although the step is not met yet."))
@in_a_language
def diff(step_name: str | None, anyway: bool) -> int:
    """Compare the files of a step; before it is met, only on demand."""
    desk = Desk()
    project = desk.project
    step = desk.step(step_name)
    progress = desk.state.progress(project)
    met = progress is not None and step.slug in progress.met
    if not met and not anyway:
        click.echo(_("{title} is not met yet, and this shows its solution.", title=title(step)))
        if not sys.stdin.isatty():
            name = f" {step_name}" if step_name else ""
            click.echo(_("To see it all the same: {command}", command=f"{RUN} diff{name} --anyway"))
            return 1
        if not agreed(_("Show it all the same?")):
            return 1
    lines = [
        *(Line(Kind.NOTE, text) for text in legend()),
        *differences(desk.course, step, project),
    ]
    show(lines)
    return 0


def legend() -> list[str]:
    """Return the lines that say which file is whose."""
    return [_("Lines with - are yours, lines with + are the solution's."), ""]


def agreed(question: Text) -> bool:
    """Ask a question that is answered by yes or no; no answer is no."""
    yes = str(_("y"))
    answer = click.prompt(
        f"{question} [{yes}/N]", default="", show_default=False, prompt_suffix=" "
    )
    return str(answer).strip().lower()[:1] in (yes, "y")


def show(lines: Iterable[Line]) -> None:
    """Print lines in their colours (none where the output is no terminal)."""
    for line in lines:
        click.secho(line.text, **_STYLES[line.kind])  # type: ignore[arg-type]


@atelier.command(help=_("Show the solution of a step, or write it into your project."))
@step_argument
@click.option("--apply", "write", is_flag=True, help=_("Write it; a snapshot first."))
@in_a_language
def solution(step_name: str | None, write: bool) -> None:
    """Show the files of the solution, or write them."""
    desk = Desk()
    step = desk.step(step_name)
    if not write:
        for name, content in sorted(files_to_compare(step).items()):
            click.secho(name, bold=True)
            if content is None:
                click.echo("  " + _("The solution has no such file any more."))
            elif made_by_a_command(step, name):
                click.echo("  " + _("Made by a command."))
            else:
                click.echo(decode(content))
        return
    project = desk.project
    _kept, changed = change(
        desk,
        project,
        "solution --apply",
        lambda present: apply_solution(desk.course, step, present),
    )
    click.echo(_("The solution is in your project: {title}", title=title(step)))
    tell_changes(project, changed, _("No file had to change."))
    tell_undo()
