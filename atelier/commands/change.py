"""What the commands that change a project share: a snapshot first, then the change, then advice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from atelier.commands.desk import RUN, Desk
from atelier.course import Step
from atelier.git import GitFailed
from atelier.i18n import _
from atelier.lay import Changes, InTheWay, lay
from atelier.moves import is_database, reset
from atelier.project import ProjectError
from atelier.snapshots import Files, Snapshot, files_of, take

UPGRADE = "upgrade"  # what a snapshot is called that no command of the learner asked for
_SHOWN = 12  # files that are named; of more, the number is said


def keep(desk: Desk, project: Path, before: str) -> Snapshot:
    """Take a snapshot before the command `before`. Raises ProjectError: change nothing then."""
    progress = desk.state.progress(project)
    try:
        return take(desk.course, project, before, progress.step if progress else None)
    except (GitFailed, OSError) as error:
        raise ProjectError(
            _(
                "No snapshot of your files could be taken, so nothing was changed: {reason}",
                reason=str(error),
            ),
            "snapshot",
        ) from error


def change(
    desk: Desk, project: Path, before: str, plan: Callable[[Files], Changes]
) -> tuple[Snapshot, list[str]]:
    """Take a snapshot, then make the changes that `plan` names from what it holds.

    Returns the snapshot and the names of the files that are other now. Raises ProjectError.
    """
    kept = keep(desk, project, before)
    try:
        held = files_of(project, kept)
        return kept, lay(project, plan(held), held)
    except InTheWay as error:
        raise ProjectError(
            _(
                "Something that git ignores stands where these belong: {names}. The rest is done. "
                "Move it away, then type the same command again.",
                names=str(error.filename),
            ),
            "in-the-way",
        ) from error
    except (GitFailed, OSError) as error:
        raise ProjectError(
            _(
                "This stopped before its end: {reason}. Your files as they were come back with: "
                "{command}",
                reason=str(error),
                command=f"{RUN} undo {kept.number}",
            ),
            "stopped",
        ) from error


def begin_at(desk: Desk, project: Path, step: Step, before: str) -> list[str]:
    """Bring the project to the start of `step`; return the files that are other now."""
    _kept, changed = change(
        desk, project, before, lambda present: reset(desk.course, step, present)
    )
    progress = desk.state.progress(project)
    if progress is not None:
        progress.step = step.slug
        desk.state.update(project, progress)
    return changed


def changed_lines(project: Path, changed: Sequence[str], nothing: str) -> list[str]:
    """Return lines that name the files a command changed, and what is to be typed after that."""
    lines = [] if changed else [nothing]
    lines += [f"  {'~' if _there(project, name) else '-'} {name}" for name in changed[:_SHOWN]]
    if len(changed) > _SHOWN:
        lines.append("  " + _("and {count} more", count=len(changed) - _SHOWN))
    if "Pipfile.lock" in changed and _there(project, "Pipfile.lock"):
        lines.append(
            _(
                "The packages changed. In your project's folder: {command}",
                command="pipenv sync --dev",
            )
        )
    if any(is_database(name) and not _there(project, name) for name in changed):
        lines.append(
            _(
                "The database went with its migrations. A new one: {command}",
                command="pipenv run flask db upgrade",
            )
        )
    return lines


def _there(project: Path, name: str) -> bool:
    return (project / name).is_symlink() or (project / name).exists()


def tell_changes(project: Path, changed: Sequence[str], nothing: str) -> None:
    """Say what `changed_lines` returns."""
    for line in changed_lines(project, changed, nothing):
        click.echo(line)


def tell_undo() -> None:
    """Say how the files as they were come back."""
    click.echo(
        _("Your files as they were are kept. To bring them back: {command}", command=f"{RUN} undo")
    )
