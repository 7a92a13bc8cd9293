"""What a check can say of a criterion, and the exceptions that carry it out of the harness."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on a criterion or a step; DESIGN's words for a reader are in `checks.render`."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    TIMEOUT = "timeout"
    INFRA = "infra"
    SKIPPED = "skipped"


# The verdict on a step is the first of these that one of its criteria has.
SEVERITY = (Verdict.INFRA, Verdict.ERROR, Verdict.TIMEOUT, Verdict.FAIL, Verdict.PASS)


class Unmet(Exception):
    """A criterion is not met. `message` is a fact, `seen` a measurement, `look` one question."""

    verdict = Verdict.INFRA

    def __init__(self, message: str, *, seen: str | None = None, look: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.seen = seen
        self.look = look


class NotYet(Unmet):
    """The learner's program runs, and does not do this yet."""

    verdict = Verdict.FAIL


class ProgramStopped(Unmet):
    """The learner's program stopped: an exception, an exit, a signal."""

    verdict = Verdict.ERROR


class TookTooLong(Unmet):
    """The learner's program did not answer within its deadline."""

    verdict = Verdict.TIMEOUT


class OurSide(Unmet):
    """Something of the workshop's own went wrong; the learner has nothing to fix."""

    verdict = Verdict.INFRA


class Skipped(Exception):
    """A criterion that cannot be judged on this machine; its text is the reason."""
