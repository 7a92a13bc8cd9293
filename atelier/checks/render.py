"""A check told to a person: what is met, and the first thing that is not yet."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import click

from atelier.checks.badges import badge
from atelier.checks.report import Finding, Report
from atelier.i18n import _
from atelier.terminal import symbols
from atelier.verdicts import Verdict

Echo = Callable[[str], None]

_INDENT = 6


class Teller:
    """Tells findings as they come, the first that is not met in full."""

    def __init__(self, echo: Echo = click.echo) -> None:
        self._echo = echo
        self._explained = False

    def heading(self, title: str) -> None:
        """Say which step is judged."""
        self._echo("")
        self._echo(click.style(title, bold=True))
        self._echo("")

    def finding(self, finding: Finding) -> None:
        """Tell one criterion."""
        mark, colour = symbols()[finding.verdict]
        line = f"  {click.style(mark, fg=colour, bold=True)} {finding.title}"
        if finding.verdict is Verdict.PASS:
            self._echo(line)
            return
        if finding.verdict is Verdict.SKIPPED:
            self._echo(f"{line} ({finding.message})")
            return
        verdict = click.style(badge(finding.verdict), fg=colour)
        self._echo(str(_("{criterion}: {verdict}", criterion=line, verdict=verdict)))
        if not self._explained:
            self._explained = True
            self._explain(finding)

    def _explain(self, finding: Finding) -> None:
        self._paragraph(finding.message or "")
        if finding.seen:
            label = str(_("Seen:"))
            if "\n" in finding.seen:
                self._paragraph(label)
                self._echo(textwrap.indent(finding.seen, " " * (_INDENT + 2)))
            else:
                self._paragraph(f"{label} {finding.seen}")
        if finding.look:
            where = f" ({finding.file})" if finding.file else ""
            self._paragraph(_("Look: {question}{where}", question=finding.look, where=where))
        self._echo("")

    def _paragraph(self, text: str) -> None:
        self._echo(" " * _INDENT + text)

    def summary(self, report: Report, next_command: str | None) -> None:
        """Say how much is met, and what to type next if all is."""
        judged = [finding for finding in report.findings if finding.verdict != Verdict.SKIPPED]
        met = sum(finding.verdict is Verdict.PASS for finding in judged)
        self._echo("")
        if met == len(judged):
            line = str(_("All {count} criteria are met.", count=met))
            if next_command is not None:
                line += " " + _("Next step: {command}", command=next_command)
            self._echo(click.style(line, fg="green"))
        else:
            self._echo(str(_("{met} of {count} criteria are met.", met=met, count=len(judged))))
