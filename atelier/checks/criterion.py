"""The decorator that makes a pytest test a criterion, and what it says its findings with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from atelier.i18n import Text
from atelier.verdicts import NotYet, Skipped

Function = TypeVar("Function", bound=Callable[..., None])

_ATTRIBUTE = "atelier_criterion"
_TIMEOUT = 60.0  # seconds; every wait of the harness has a shorter deadline of its own
_SEEN_LENGTH = 1200


@dataclass(frozen=True)
class Criterion:
    """What the learner is told of a criterion, and how long it may take in seconds."""

    title: str
    file: str | None
    until: str | None
    timeout: float


def criterion(
    title: str, *, file: str | None = None, until: str | None = None, timeout: float = _TIMEOUT
) -> Callable[[Function], Function]:
    """Make a test function a criterion.

    `title` is for the learner; `file` is where they would look first; `until` is the slug
    of the step from which on this no longer holds; `timeout` is in seconds.
    """

    def mark(function: Function) -> Function:
        setattr(function, _ATTRIBUTE, Criterion(title, file, until, timeout))
        return function

    return mark


def criterion_of(function: object) -> Criterion | None:
    """Return what `criterion` kept with a function, None for another test."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Criterion) else None


def expect(
    condition: object, message: str, *, seen: object = None, look: str | None = None
) -> None:
    """Raise NotYet unless `condition` is true.

    `message` says what was expected, `seen` what was there instead, `look` asks one
    question that leads to the cause.
    """
    if not condition:
        raise NotYet(message, seen=_shown(seen), look=look)


def skip(reason: str) -> None:
    """Say that this machine cannot judge the criterion, and why."""
    raise Skipped(reason)


def _shown(seen: Any) -> str | None:
    if seen is None or isinstance(seen, str):
        text = seen
    else:
        try:
            text = json.dumps(seen, ensure_ascii=False)
        except (TypeError, ValueError):
            text = repr(seen)
    if isinstance(text, str) and not isinstance(text, Text):
        text = text.strip()
    if text is None or len(text) <= _SEEN_LENGTH:
        return text
    return text[:_SEEN_LENGTH] + " …"
