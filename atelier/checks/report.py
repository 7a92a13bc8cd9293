"""What a check found, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from atelier.i18n import say
from atelier.verdicts import SEVERITY, Verdict


@dataclass(frozen=True)
class Finding:
    """The verdict on one criterion and what goes with it; `seconds` is what it took."""

    id: str
    title: str
    verdict: Verdict
    message: str | None
    seen: str | None
    look: str | None
    file: str | None
    seconds: float

    def as_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the JSON object of `check --json`, absent values null."""
        return {
            "id": self.id,
            "title": say(self.title, language),
            "verdict": self.verdict.value,
            "message": say(self.message, language),
            "seen": say(self.seen, language),
            "look": say(self.look, language),
            "file": self.file,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Report:
    """The findings of one step, in the order of its criteria."""

    step: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The verdict on the step."""
        return worst(finding.verdict for finding in self.findings)

    def as_json(self, language: str | None = None) -> dict[str, Any]:
        """Return the JSON object of `check --json`."""
        return {
            "step": self.step,
            "verdict": self.verdict.value,
            "seconds": round(self.seconds, 3),
            "criteria": [finding.as_json(language) for finding in self.findings],
        }


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first present of infra, error, timeout, fail, pass (skipped counts as pass)."""
    present = set(verdicts)
    return next((verdict for verdict in SEVERITY if verdict in present), Verdict.PASS)


def exit_code(verdict: Verdict) -> int:
    """Return the exit code of a check: 3 for infra, 0 when all is met, else 1."""
    if verdict is Verdict.INFRA:
        return 3
    return 0 if verdict in (Verdict.PASS, Verdict.SKIPPED) else 1
