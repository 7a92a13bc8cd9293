"""`status` and `next`: where the learner is, and going on."""

from __future__ import annotations

import click

from atelier.commands.change import keep
from atelier.commands.check import check_and_tell
from atelier.commands.desk import RUN, Desk, lesson_file, title
from atelier.commands.group import atelier, in_a_language
from atelier.i18n import _
from atelier.project import hand_out
from atelier.verdicts import Verdict


@atelier.command(help=_("Show where you are in the course."))
@in_a_language
def status() -> None:
    """List the steps."""
    desk = Desk()
    project = desk.project
    current = desk.step()
    progress = desk.state.progress(project)
    met = progress.met if progress else []
    click.echo(_("The workshop:  {folder}", folder=str(desk.course.root)))
    click.echo(_("Your project:  {folder}", folder=str(project)))
    click.echo("")
    for step in desk.course.steps:
        here = ">" if step == current else " "
        done = "x" if step.slug in met else " "
        click.echo(f"{here} [{done}] {title(step)}")
    click.echo("")
    click.echo(_("The lesson to open: {file}", file=lesson_file(current)))


@atelier.command("next", help=_("Go on to the next step, once all criteria of this one are met."))
@click.option("--anyway", is_flag=True, help=_("Go on although something is not met yet."))
@in_a_language
def next_step(anyway: bool) -> int:
    """Move to the next step: never by itself, never losing a file."""
    desk = Desk()
    project = desk.project
    step = desk.step()
    following = desk.course.after(step)
    keep(desk, project, "next")
    progress = desk.state.progress(project)
    if following is None or progress is None:
        click.echo(_("{title} is the last step of the course.", title=title(step)))
        return 0
    if not anyway and not step.optional:
        reports = check_and_tell(desk, [step], project)
        if reports[0].verdict is not Verdict.PASS:
            click.echo(
                _("To go on all the same: {command}", command=f"{RUN} next --anyway"), err=True
            )
            return 1
    given = hand_out(desk.course, project, following)
    # check_and_tell may have marked the step: read again what is remembered.
    progress = desk.state.progress(project) or progress
    progress.step = following.slug
    desk.state.remember(project, progress)
    click.echo("")
    click.echo(click.style(title(following), bold=True))
    for name in given:
        click.echo(_("New in your project: {file}", file=name))
    click.echo(_("The lesson to open: {file}", file=lesson_file(following)))
    return 0
