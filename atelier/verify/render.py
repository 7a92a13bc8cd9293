"""What `verify` found, told to a person."""

from __future__ import annotations

import sys
import time

import click

from atelier.i18n import LANGUAGES, _
from atelier.terminal import can_write
from atelier.verify.report import Grade, Graded, Verification

_DRAWN = {Grade.MET: "✓", Grade.OVERTAKEN: "≈", Grade.NOT_YET: "○", Grade.DEFECT: "✗"}
_PLAIN = {Grade.MET: "+", Grade.OVERTAKEN: "~", Grade.NOT_YET: "o", Grade.DEFECT: "x"}
_COLOURS = {
    Grade.MET: "green",
    Grade.OVERTAKEN: "cyan",
    Grade.NOT_YET: "yellow",
    Grade.DEFECT: "red",
}
_EVERY = 30.0  # seconds between two lines, where no line can be written over


class Teller:
    """Tells defects as they are found, how far it has come, and the account at the end."""

    def __init__(self) -> None:
        self._marks = _DRAWN if can_write("".join(_DRAWN.values())) else _PLAIN
        self._live = sys.stderr.isatty()
        self._began = self._last = time.monotonic()
        self._shown = 0  # characters of the line that is written over

    def defect(self, text: str) -> None:
        """Tell a defect."""
        self._clear()
        click.echo(f"{click.style(self._marks[Grade.DEFECT], fg='red')} {text}")

    def progress(self, done: int, of: int, at: str) -> None:
        """Tell how many jobs of how many are done, and the last one: on stderr."""
        now = time.monotonic()
        if not self._live and now - self._last < _EVERY and done < of:
            return
        self._last = now
        line = f"{done}/{of} · {now - self._began:.0f} s · {at}"
        self._clear()
        if self._live:
            self._shown = len(line)
            click.echo(f"{line}\r", err=True, nl=False)
        else:
            click.echo(line, err=True)

    def _clear(self) -> None:
        if self._shown:
            click.echo(" " * self._shown + "\r", err=True, nl=False)
            self._shown = 0

    def account(self, verification: Verification) -> None:
        """Tell the matrix and the counts."""
        self._clear()
        if verification.matrix:
            self._matrix(verification)
        click.echo("")
        for line in self._counts(verification):
            click.echo(line)
        count = len(verification.defects)
        click.echo("")
        if count:
            click.echo(click.style(str(_("Defects: {count}", count=count)), fg="red"))
        else:
            click.echo(click.style(str(_("No defect.")), fg="green"))

    def _matrix(self, verification: Verification) -> None:
        cells = {(cell.branch, cell.step): cell for cell in verification.matrix}
        rows = ["", *verification.steps]
        names = {row: row or str(_("(nothing yet)")) for row in rows}
        width = max(map(len, names.values()))
        click.echo("")
        click.echo(" " * width + "  " + " ".join(step[:2] for step in verification.steps))
        for row in rows:
            marks = "".join(f" {self._mark(cells.get((row, s)))} " for s in verification.steps)
            click.echo(f"{names[row]:<{width}} {marks}".rstrip())
        legend = (
            (Grade.MET, _("met")),
            (Grade.OVERTAKEN, _("met, but for criteria that a later step overtook")),
            (Grade.NOT_YET, _("not yet, as it must be")),
            (Grade.DEFECT, _("a defect")),
        )
        click.echo("")
        click.echo("   ".join(f"{self._coloured(grade)} {text}" for grade, text in legend))

    def _mark(self, cell: Graded | None) -> str:
        return self._coloured(cell.grade) if cell else " "

    def _coloured(self, grade: Grade) -> str:
        return click.style(self._marks[grade], fg=_COLOURS[grade])

    def _counts(self, found: Verification) -> list[str]:
        lines = [
            _(
                "Steps: {steps}, criteria: {criteria}",
                steps=len(found.steps),
                criteria=found.criteria,
            ),
            _("Answers: {wrong} wrong, {right} right", wrong=found.wrong, right=found.right),
            _("Strings in French: {count}", count=found.strings),
        ]
        if not found.fast:
            lines += [
                _(
                    "Commands of the lessons ({language}): {run} run, {skipped} skipped",
                    language=language,
                    run=found.commands[language],
                    skipped=len(found.skipped[language]),
                )
                for language in LANGUAGES
            ]
        lines.append(_("Time: {seconds:.1f} s", seconds=found.seconds))
        return [str(line) for line in lines]
