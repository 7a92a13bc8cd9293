"""`start`: the learner's project, made or found again."""

from __future__ import annotations

from pathlib import Path

import click

from atelier.commands.change import UPGRADE, begin_at, keep, tell_changes, tell_undo
from atelier.commands.check import check_and_tell
from atelier.commands.desk import RUN, Desk, lesson_file, title
from atelier.commands.group import atelier, complete_step, in_a_language
from atelier.git import has_identity
from atelier.i18n import _, chosen_language
from atelier.project import (
    create_project,
    default_folder,
    install_log,
    install_packages,
    lacks_packages,
    refresh_branches,
    resolve,
)
from atelier.state import Progress


@atelier.command(help=_("Make your project, or go on where you are."))
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--at", metavar="STEP", shell_complete=complete_step, help=_("Begin at this step."))
@click.option("--serve", "then_serve", is_flag=True, help=_("Then show the lessons in a browser."))
@in_a_language
def start(folder: str | None, at: str | None, then_serve: bool) -> int:
    """Make the project or find it again, then show where it is."""
    desk = Desk()
    step = desk.course.step(at) if at else None
    place = _place(desk, folder)
    progress = desk.state.progress(place) if place.is_dir() else None
    if progress is None:
        step = step or desk.course.first
        create_project(desk.course, place, step)
        progress = Progress(step.slug)
        click.echo(_("Your project is ready: {folder}", folder=str(place)))
    else:
        _upgrade(desk, place, progress)
        if step is not None and step.slug == progress.step:
            keep(desk, place, "start --at")
        elif step is not None:
            changed = begin_at(desk, place, step, "start --at")
            progress = desk.state.progress(place) or progress
            click.echo(_("Your project is at the start of: {title}", title=title(step)))
            tell_changes(place, changed, _("No file had to change."))
            tell_undo()
    progress.language = chosen_language()
    progress.course = desk.course.fingerprint
    desk.state.remember(place, progress)
    refresh_branches(desk.course, place)
    if not _install(place):
        return 1
    _show_where(desk, place)
    if then_serve:
        from atelier.commands.pages import serve_pages

        click.echo("")
        return serve_pages(page=f"{chosen_language()}/{Desk().step().name}.html")
    return 0


def _upgrade(desk: Desk, place: Path, progress: Progress) -> None:
    """Say that the course is another one than the last time; a snapshot first."""
    if progress.course in (None, desk.course.fingerprint):
        return
    keep(desk, place, UPGRADE)
    click.echo(_("The course was upgraded. Your files and your progress are as they were."))


def _place(desk: Desk, folder: str | None) -> Path:
    if folder is not None:
        return resolve(folder)
    known = desk.state.project
    if known is not None and known.is_dir():
        return known
    return resolve(default_folder(desk.course))


def _install(place: Path) -> bool:
    if not lacks_packages(place):
        return True
    click.echo(_("Installing the packages of your project (10 to 60 s) …"))
    if install_packages(place):
        return True
    click.echo(
        _(
            "The packages could not be installed: is there a network? What pipenv said is "
            "in {log}. To try again, in your project's folder: pipenv sync --dev",
            log=str(install_log()),
        ),
        err=True,
    )
    return False


def _show_where(desk: Desk, place: Path) -> None:
    step = desk.step()
    click.echo(_("The workshop:  {folder}", folder=str(desk.course.root)))
    click.echo(_("Your project:  {folder}", folder=str(place)))
    if not has_identity(place):
        click.echo("")
        click.echo(_("git does not know your name yet, and cannot commit without it. Type:"))
        click.echo('  git config --global user.name "…"')
        click.echo('  git config --global user.email "…"')
    check_and_tell(desk, [step], place)
    click.echo(_("The lesson to open: {file}", file=lesson_file(step)))
    click.echo(_("When you have changed something: {command}", command=f"{RUN} check"))
