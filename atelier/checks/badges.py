"""A verdict in a few words, for every view."""

from __future__ import annotations

from atelier.i18n import Text, _
from atelier.verdicts import Verdict


def badge(verdict: Verdict) -> Text:
    """Return a verdict in a few words."""
    return {
        Verdict.PASS: _("met"),
        Verdict.FAIL: _("not yet"),
        Verdict.ERROR: _("your program stopped"),
        Verdict.TIMEOUT: _("took too long"),
        Verdict.INFRA: _("our side, nothing to fix"),
        Verdict.SKIPPED: _("not judged here"),
    }[verdict]
