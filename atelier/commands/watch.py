"""`watch` (also `check --watch`): the criteria run at each save, and keys do the rest."""

from __future__ import annotations

from pathlib import Path

from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.course import Step
from atelier.i18n import _


@atelier.command(help=_("Check at each save, and show it here. Keys: ? lists them, q quits."))
@step_argument
@in_a_language
def watch(step_name: str | None) -> int:
    """Watch the project until q or Ctrl-C."""
    desk = Desk()
    return watch_project(desk, desk.project, desk.step(step_name), follows=step_name is None)


def watch_project(desk: Desk, project: Path, step: Step, *, follows: bool) -> int:
    """Watch `project`; with `follows`, go where `next` and `undo` go, also in another terminal."""
    from atelier.commands.watch_live import Live
    from atelier.commands.watch_plain import watch_plainly
    from atelier.watch.engine import Engine
    from atelier.watch.screen import suits

    progress = desk.state.progress(project)
    engine = Engine(
        desk.course,
        project,
        step,
        reached=desk.course.step(progress.step) if progress else None,
        # What is remembered is read anew: another terminal may have changed it meanwhile.
        met=lambda step: Desk().mark_met(project, [step.name]),
    )
    try:
        if suits():
            return Live(engine, project, follows=follows).run()
        return watch_plainly(engine)
    finally:
        engine.close()
