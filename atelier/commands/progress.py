"""`status` and `next`: where the learner is, going on, and the end of the course."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from atelier.commands.change import keep
from atelier.commands.check import check_and_tell
from atelier.commands.desk import RUN, Desk, lesson_file, title
from atelier.commands.group import atelier, in_a_language
from atelier.course import Step
from atelier.i18n import Text, _, chosen_language
from atelier.project import hand_out
from atelier.state import Progress
from atelier.verdicts import Verdict


@atelier.command(help=_("Show where you are in the course."))
@in_a_language
def status() -> None:
    """List the steps with their state, how long is left, and what to type next."""
    desk = Desk()
    project = desk.project
    current = desk.step()
    progress = desk.state.progress(project) or Progress(current.slug)
    click.echo(_("The workshop:  {folder}", folder=str(desk.course.root)))
    click.echo(_("Your project:  {folder}", folder=str(project)))
    click.echo("")
    for line in step_lines(desk, current, progress):
        click.echo(line)
    click.echo("")
    if not _unmet(desk, progress):
        for line in ending(desk, progress):
            click.echo(line)
        return
    click.echo(time_left(desk, progress))
    click.echo(_("The lesson to open: {file}", file=lesson_file(current)))
    if current.slug in progress.met and desk.course.after(current):
        click.echo(_("To go on: {command}", command=f"{RUN} next"))
    else:
        click.echo(_("To check your work at each save: {command}", command=f"{RUN} watch"))


def step_lines(desk: Desk, current: Step, progress: Progress) -> list[str]:
    """Return a line for each step: whether it is met, and which one is the current one."""
    lines = []
    for step in desk.course.steps:
        here = ">" if step == current else " "
        done = "x" if step.slug in progress.met else " "
        optional = " " + _("(optional)") if step.optional else ""
        minutes = _("{minutes} min", minutes=step.minutes)
        lines.append(f"{here} [{done}] {title(step)}{optional}  {minutes}")
    return lines


def time_left(desk: Desk, progress: Progress) -> Text:
    """Return how many steps are met, and how long the others take."""
    minutes = sum(step.minutes for step in _unmet(desk, progress))
    met = len(desk.course.steps) - len(_unmet(desk, progress))
    if minutes < 60:
        left = _("{minutes} min", minutes=minutes)
    else:
        left = _("{hours} h {minutes:02d} min", hours=minutes // 60, minutes=minutes % 60)
    return _(
        "{met} of {count} steps are met; about {left} of lessons left.",
        met=met,
        count=len(desk.course.steps),
        left=left,
    )


def _unmet(desk: Desk, progress: Progress) -> list[Step]:
    return [
        step for step in desk.course.steps if not step.optional and step.slug not in progress.met
    ]


@atelier.command("next", help=_("Go on to the next step, once all criteria of this one are met."))
@click.option("--anyway", is_flag=True, help=_("Go on although something is not met yet."))
@in_a_language
def next_step(anyway: bool) -> int:
    """Move to the next step: never by itself, never losing a file."""
    desk = Desk()
    project = desk.project
    step = desk.step()
    keep(desk, project, "next")
    if not anyway and not step.optional:
        reports = check_and_tell(desk, [step], project)
        if reports[0].verdict is not Verdict.PASS:
            if desk.course.after(step):
                click.echo(
                    _("To go on all the same: {command}", command=f"{RUN} next --anyway"), err=True
                )
            return 1
    click.echo("")
    for line in go_on(desk, project):
        click.echo(line)
    return 0


def go_on(desk: Desk, project: Path) -> list[str]:
    """Go to the step after the current one; return what is to be said. A snapshot was taken."""
    step = desk.step()
    following = desk.course.after(step)
    progress = desk.state.progress(project) or Progress(step.slug)
    if following is None:
        return ending(desk, progress)
    given = hand_out(desk.course, project, following)
    progress.step = following.slug
    desk.state.remember(project, progress)
    return [
        click.style(title(following), bold=True),
        *(_("New in your project: {file}", file=name) for name in given),
        _("The lesson to open: {file}", file=lesson_file(following)),
    ]


def ending(desk: Desk, progress: Progress) -> list[str]:
    """Return what is said after the last step: what is built, what is left, where to go on."""
    left: Sequence[Step] = _unmet(desk, progress)
    if left:
        return [
            _("{title} is the last step of the course.", title=title(desk.course.steps[-1])),
            _("These are not met yet:"),
            *(f"  {title(step)}: {RUN} check {step.number:02d}" for step in left),
        ]
    lines = [
        click.style(
            _("This is the end of the course: its {count} steps are met.", count=len(progress.met)),
            bold=True,
        ),
        "",
        _("You have built an API that leaves its slow work to a worker, and that runs online."),
        _("Its project is yours: change it, show it, keep it."),
    ]
    page = desk.course.root / "lessons" / chosen_language() / "part-1.md"
    if page.is_file():
        page = page.relative_to(desk.course.root)
        lines.append(_("What you have built, on one page, and what comes next: {file}", file=page))
    lines.append(
        _(
            "To see how a step's solution differs from your files: {command}",
            command=f"{RUN} diff STEP",
        )
    )
    return lines
