"""`check`: the learner's project judged by the criteria of a step."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atelier.commands.desk import RUN, Desk, source_of, title
from atelier.commands.group import atelier, in_a_language, step_argument
from atelier.course import Step
from atelier.i18n import _
from atelier.project import require_project, resolve

# Late, because they load pytest: checks.runner and checks.render.
if TYPE_CHECKING:
    from atelier.checks.report import Finding, Report


@atelier.command(help=_("Judge your project by the criteria of a step (default: the current one)."))
@step_argument
@click.option("--project", "folder", metavar="DIR", help=_("Judge this project instead of yours."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.option("--all", "all_steps", is_flag=True, help=_("All steps up to this one."))
@click.option("--watch", is_flag=True, help=_("Judge again at each save, until q."))
@in_a_language
def check(
    step_name: str | None, folder: str | None, as_json: bool, all_steps: bool, watch: bool
) -> int:
    """Judge, tell, and return the exit code of the verdict."""
    from atelier.checks.report import exit_code, worst

    desk = Desk()
    project = require_project(resolve(folder)) if folder else desk.project
    progress = desk.state.progress(project)
    last = desk.step(step_name or (progress.step if progress else None))
    if watch:
        from atelier.commands.watch import watch_project

        follows = step_name is None and folder is None
        return watch_project(desk, project, last, follows=follows)
    steps = desk.course.up_to(last) if all_steps else (last,)
    if as_json:
        reports = judge(desk, steps, project)
        content = [report.as_json() for report in reports]
        shown = {"steps": content} if all_steps else content[0]
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        reports = check_and_tell(desk, steps, project)
    return exit_code(worst(report.verdict for report in reports))


def judge(
    desk: Desk,
    steps: Sequence[Step],
    project: Path,
    listener: Callable[[str, Finding], None] | None = None,
) -> list[Report]:
    """Judge `project` by `steps` and remember what is met."""
    from atelier.checks.runner import check as run_criteria

    progress = desk.state.progress(project)
    reached = [*steps, *([desk.course.step(progress.step)] if progress else [])]
    at = max(reached, key=lambda step: step.number)
    reports = run_criteria(desk.course, steps, source_of(project), at=at, listener=listener)
    desk.mark_met(project, [report.step for report in reports if report.verdict == "pass"])
    return reports


def check_and_tell(desk: Desk, steps: Sequence[Step], project: Path) -> list[Report]:
    """Judge `project` by `steps` and tell each criterion as its verdict comes."""
    from atelier.checks.render import Teller

    teller = Teller()
    told: list[str] = []

    def listen(name: str, finding: Finding) -> None:
        if name not in told:
            told.append(name)
            teller.heading(title(desk.course.step(name)))
        teller.finding(finding)

    reports = judge(desk, steps, project, listen)
    progress = desk.state.progress(project)
    for report, step in zip(reports, steps, strict=True):
        current = progress is not None and progress.step == step.slug
        following = current and desk.course.after(step)
        if len(steps) > 1:
            click.echo("")
            click.echo(title(step))
        teller.summary(report, f"{RUN} next" if following else None)
    return reports
