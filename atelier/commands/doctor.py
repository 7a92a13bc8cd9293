"""`doctor`: one page on what is ready, what the learner can fix, and what to ask for."""

from __future__ import annotations

import json

import click

from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language
from atelier.i18n import Text, _
from atelier.terminal import can_write


@atelier.command(help=_("Say what is ready on this machine, and what to do about the rest."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.option(
    "--report", "as_report", is_flag=True, help=_("A text to paste, without names or secrets.")
)
@in_a_language
def doctor(as_json: bool, as_report: bool) -> int:
    """Look at everything; the worst line is the exit code."""
    from atelier.doctor.examine import examine, report
    from atelier.doctor.line import Level

    desk = Desk()
    folder = desk.state.project
    lines = examine(desk.course.root, folder)
    worst = max(line.level for line in lines)
    if as_report:
        progress = desk.state.progress(folder) if folder else None
        click.echo(report(lines, folder, progress.step if progress else None))
        return int(worst)
    if as_json:
        told = {"level": worst.name.lower(), "lines": [line.as_json() for line in lines]}
        click.echo(json.dumps(told, ensure_ascii=False))
        return int(worst)
    marks = "✓○!" if can_write("✓○") else "+o!"
    colours = ("green", "yellow", "red")
    for line in lines:
        click.echo(f"{click.style(marks[line.level], fg=colours[line.level])} {line.text}")
        if line.fix:
            click.echo(f"    {line.fix}")
    click.echo("")
    said: dict[Level, Text] = {
        Level.READY: _("Everything is ready."),
        Level.FIX: _("You can fix what bears {mark}: what to do stands below it.", mark=marks[1]),
        Level.ASK: _("For what bears {mark}, ask someone who administers it.", mark=marks[2]),
    }
    for level in sorted({line.level for line in lines} - {Level.READY}) or [Level.READY]:
        click.echo(said[level])
    if worst:
        click.echo(
            _(
                "A text to paste into a question: {command}",
                command="pipenv run atelier doctor --report",
            )
        )
    return int(worst)
