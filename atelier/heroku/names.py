"""Names for what is given none: apps and add-ons."""

from __future__ import annotations

import re
import secrets

_FIRST = "amber bold brave bright calm clear cool dry early fair fresh gentle green kind late light"
_SECOND = "bay brook cliff cloud dawn field fjord forest garden grove hill lake leaf meadow moon"

APP_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
COLOURS = ("AMBER", "BLUE", "CYAN", "GREEN", "IVORY", "OLIVE", "ONYX", "PURPLE", "ROSE", "TEAL")


def app_name() -> str:
    """Return a name such as `calm-meadow-48213`."""
    return f"{_pick(_FIRST)}-{_pick(_SECOND)}-{_number()}"


def addon_name(service: str) -> str:
    """Return a name for an add-on of `heroku-redis`, such as `redis-calm-48213`."""
    return f"{service.removeprefix('heroku-')}-{_pick(_FIRST)}-{_number()}"


def _pick(words: str) -> str:
    return secrets.choice(words.split())


def _number() -> int:
    return secrets.randbelow(90_000) + 10_000
