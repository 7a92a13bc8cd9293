"""`lesson`: a lesson in the terminal."""

from __future__ import annotations

import sys

import click

from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language
from atelier.i18n import _, chosen_language
from atelier.project import ProjectError


@atelier.command(help=_("Read the lesson of a step (default: the current one) in the terminal."))
@click.argument("step_name", metavar="[STEP]", required=False)
@in_a_language
def lesson(step_name: str | None) -> None:
    """Show the lesson, in a pager when it is longer than the terminal."""
    from rich.console import Console
    from rich.markdown import Markdown

    step = Desk().step(step_name)
    file = step.lesson(chosen_language())
    if not file.is_file():
        raise ProjectError(_("The step {step} has no lesson yet.", step=step.name), "no-lesson")
    # What only the program that follows lessons must know is not for the reader.
    text = "\n".join(
        line for line in file.read_text("utf-8").splitlines() if not line.startswith("<!-- follow:")
    )
    if not sys.stdout.isatty():
        click.echo(text)
        return
    console = Console()
    with console.pager(styles=True):
        console.print(Markdown(text), width=min(console.width, 100))
