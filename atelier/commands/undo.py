"""`reset`, `undo` and `snapshots`: back to a start, and back to what was there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from atelier.commands.change import (
    UPGRADE,
    begin_at,
    change,
    changed_lines,
    tell_changes,
    tell_undo,
)
from atelier.commands.desk import RUN, Desk, lesson_file, title
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.i18n import Text, _
from atelier.lay import Changes
from atelier.moves import bring_back
from atelier.project import ProjectError, make_repository
from atelier.snapshots import Files, Snapshot, files_of, listed


@atelier.command("reset", help=_("Begin a step again: its files as they were handed out."))
@step_argument
@in_a_language
def reset_step(step_name: str | None) -> None:
    """Bring the project to the start of a step; a snapshot first."""
    desk = Desk()
    project = desk.project
    step = desk.step(step_name)
    changed = begin_at(desk, project, step, "reset")
    click.echo(_("Your project is at the start of: {title}", title=title(step)))
    tell_changes(project, changed, _("No file had to change."))
    tell_undo()
    click.echo(_("The lesson to open: {file}", file=lesson_file(step)))


@atelier.command(help=_("Bring your files back as they were before a command changed them."))
@click.argument("number", metavar="[NUMBER]", type=int, required=False)
@in_a_language
def undo(number: int | None) -> None:
    """Bring a snapshot back, the last one unless another is named; `undo` takes this back too."""
    for line in undo_once(Desk(), number):
        click.echo(line)


def undo_once(desk: Desk, number: int | None = None) -> list[str]:
    """Bring a snapshot back and return the lines to say. Raises ProjectError."""
    project = desk.place
    if number is not None:
        _numbered(listed(project), number)  # before anything is done
    was_there = project.is_dir()
    found: list[Snapshot] = []

    def plan(present: Files) -> Changes:
        wanted, changes = _to_bring_back(desk, project, present, number)
        found.append(wanted)
        return changes

    kept, changed = change(desk, project, "undo", plan)
    wanted = found[0]
    progress = desk.state.progress(project)
    if progress is not None and wanted.step is not None:
        progress.step = wanted.step
        desk.state.update(project, progress)
    if not was_there:
        make_repository(desk.course, project)
    return [
        _("Your files are again as they were {when}.", when=_when(wanted)),
        *changed_lines(project, changed, _("No file had to change.")),
        _("The step: {title}", title=title(desk.step())),
        _("To take this back: {command}", command=f"{RUN} undo {kept.number}"),
    ]


def _to_bring_back(
    desk: Desk, project: Path, present: Files, number: int | None
) -> tuple[Snapshot, Changes]:
    """The snapshot to bring back, and its changes: the last one that differs, or that named."""
    *known, _kept = listed(project)
    if number is not None:
        wanted = _numbered(known, number)
        return wanted, bring_back(files_of(project, wanted), present)
    progress = desk.state.progress(project)
    step = progress.step if progress else None
    for snapshot in reversed(known):
        files = files_of(project, snapshot)
        changes = bring_back(files, present)
        differs = any(present.get(name) != file for name, file in changes.items())
        if files and (differs or snapshot.step not in (None, step)):
            return snapshot, changes
    raise ProjectError(
        _("There is nothing to bring back: no command has changed your files."), "nothing-to-undo"
    )


def _numbered(known: Sequence[Snapshot], number: int) -> Snapshot:
    for snapshot in known:
        if snapshot.number == number:
            return snapshot
    raise ProjectError(
        _(
            "There is no snapshot {number}. The list: {command}",
            number=number,
            command=f"{RUN} snapshots",
        ),
        "no-snapshot",
    )


def _when(snapshot: Snapshot) -> Text:
    moment = datetime.fromtimestamp(snapshot.taken).strftime("%Y-%m-%d %H:%M:%S")
    if snapshot.before == UPGRADE:
        return _("on {moment}, before the course was upgraded", moment=moment)
    return _("on {moment}, before: {command}", moment=moment, command=snapshot.before)


@atelier.command(help=_("List the snapshots of your project, which undo brings back."))
@in_a_language
def snapshots() -> None:
    """List them, the newest first."""
    desk = Desk()
    known = listed(desk.place)
    if not known:
        click.echo(_("There is no snapshot yet: no command has changed your files."))
        return
    slugs = {step.slug: step for step in desk.course.steps}
    for snapshot in reversed(known):
        step = slugs.get(snapshot.step or "")
        at = f"  ({title(step)})" if step else ""
        click.echo(f"{snapshot.number:4}  {_when(snapshot)}{at}")
    click.echo("")
    click.echo(_("To bring one back: {command}", command=f"{RUN} undo NUMBER"))
