"""Watch mode where there is no screen: plain lines after each run, for a file or a pipe."""

from __future__ import annotations

from datetime import datetime

import click

from atelier.checks.render import Teller
from atelier.checks.report import Finding, Report
from atelier.commands.desk import RUN, title
from atelier.i18n import _
from atelier.watch.engine import Criterion, Engine, Phase, State


def watch_plainly(engine: Engine) -> int:
    """Print each run as `check` does, until the engine is closed or this is interrupted."""
    engine.start()
    told = 0
    phase = Phase.RUNNING
    polling = False
    for state in engine.states():
        if state.polling and not polling:
            polling = True
            click.echo(
                _("This file system sends no events: the files are looked at four times a second.")
            )
        if state.phase is Phase.DONE and state.run != told:
            told = state.run
            _tell(state)
        elif state.phase is Phase.TROUBLE and phase is not Phase.TROUBLE:
            click.echo(_("Our side, nothing to fix: the criteria could not be run."))
            click.echo(state.trouble)
        elif state.phase is Phase.GONE and phase is not Phase.GONE:
            click.echo(_("The project's folder is not there. This waits until it is back."))
        phase = state.phase
    return 0


def _tell(state: State) -> None:
    teller = Teller()
    teller.heading(f"{title(state.step)}  {datetime.now().strftime('%H:%M:%S')}")
    findings = tuple(found for each in state.criteria if (found := finding(each)) is not None)
    for found in findings:
        teller.finding(found)
    report = Report(state.step.name, findings, state.seconds)
    teller.summary(report, f"{RUN} next" if state.passed else None)


def finding(criterion: Criterion) -> Finding | None:
    """Return what was said of a criterion as a finding, None before anything was."""
    if criterion.verdict is None:
        return None
    return Finding(
        criterion.id,
        criterion.title,
        criterion.verdict,
        criterion.told("message"),
        criterion.told("seen"),
        criterion.told("look"),
        criterion.told("file"),
        0.0,
    )
