"""`hint`: the next hint, one at a time."""

from __future__ import annotations

from pathlib import Path

import click

from atelier.commands.desk import RUN, Desk, title
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.commands.markdown import show
from atelier.course import Step
from atelier.hints import hints
from atelier.i18n import _, chosen_language
from atelier.project import ProjectError


@atelier.command(help=_("Show the next hint of a step (default: the current one)."))
@step_argument
@click.option("--all", "show_all", is_flag=True, help=_("Show all of them."))
@in_a_language
def hint(step_name: str | None, show_all: bool) -> None:
    """Show one hint more than the last time."""
    desk = Desk()
    step = desk.step(step_name)
    click.secho(title(step), bold=True)
    for heading, text in next_hints(desk, desk.place, step, show_all=show_all):
        click.echo("")
        click.secho(heading, bold=True)
        click.echo("")
        show(text)
    click.echo("")
    for line in what_follows(desk, desk.place, step):
        click.echo(line)


def next_hints(
    desk: Desk, project: Path, step: Step, *, show_all: bool = False
) -> list[tuple[str, str]]:
    """Return the next hint with its heading, the last one again when there is no other.

    How many were shown is remembered. Raises ProjectError when the step has none.
    """
    found = hints(step, chosen_language())
    if not found:
        raise ProjectError(_("The step {step} has no hints.", step=step.name), "no-hints")
    progress = desk.state.progress(project)
    shown = progress.hints.get(step.slug, 0) if progress else 0
    last = len(found) if show_all else min(shown + 1, len(found))
    if progress is not None and last > shown:
        progress.hints[step.slug] = last
        desk.state.update(project, progress)
    first = 1 if show_all else last
    return [_with_heading(found, number) for number in range(first, last + 1)]


def shown_hints(desk: Desk, project: Path, step: Step) -> tuple[list[tuple[str, str]], int]:
    """Return the hints that were shown so far, with their headings, and how many there are."""
    found = hints(step, chosen_language())
    progress = desk.state.progress(project)
    shown = min(progress.hints.get(step.slug, 0) if progress else 0, len(found))
    return [_with_heading(found, number) for number in range(1, shown + 1)], len(found)


def _with_heading(found: list[str], number: int) -> tuple[str, str]:
    heading = _("Hint {number} of {count}", number=number, count=len(found))
    return str(heading), found[number - 1]


def what_follows(desk: Desk, project: Path, step: Step) -> list[str]:
    """Return what to say after a hint: another one, or where the solution is."""
    progress = desk.state.progress(project)
    shown = progress.hints.get(step.slug, 0) if progress else 0
    if shown < len(hints(step, chosen_language())):
        return [_("Try again with this. Another hint: {command}", command=f"{RUN} hint")]
    return [
        _("That was the last hint."),
        _("To compare with the solution: {command}", command=f"{RUN} diff {step.number:02d}"),
    ]
