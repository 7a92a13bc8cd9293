"""`new-step`: the files of a new step."""

from __future__ import annotations

import click

from atelier.commands.desk import RUN
from atelier.commands.group import atelier, in_a_language
from atelier.course import Course, workshop_root
from atelier.i18n import _
from atelier.new_step import KINDS, add_step
from atelier.project import ProjectError
from atelier.step_files import PLACEHOLDERS


@atelier.command(
    "new-step",
    help=_("For authors: lay down the files of a new step, and renumber the steps after it."),
)
@click.argument("slug", required=False)
@click.option("--after", metavar="STEP", help=_("The step that it follows."))
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help=_("guided: the lesson shows every line; practice: it poses a problem."),
)
@in_a_language
def new_step(slug: str | None, after: str | None, kind: str) -> None:
    """Make the step, say what was made, and what to type next."""
    if slug is None or after is None:
        raise ProjectError(
            _(
                "Say what the step is called and which one it follows: {command}",
                command=f"{RUN} new-step SLUG --after STEP",
            ),
            "usage",
        )
    course = Course(workshop_root())
    done = add_step(course, slug, course.step(after), kind)
    for old, new in done.renamed:
        click.echo(_("Renumbered: {old} is now {new}", old=old, new=new))
    for name in done.made:
        click.echo(_("Made: {file}", file=name))
    for name in done.rows:
        click.echo(_("A row for it in: {file}", file=name))
    click.echo("")
    click.echo(
        _("Write what stands at each {marker}.", marker=" / ".join(dict.fromkeys(PLACEHOLDERS)))
    )
    click.echo(_("What is missing, one thing at a time: {command}", command=f"{RUN} verify --fast"))
