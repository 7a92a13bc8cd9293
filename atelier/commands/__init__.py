"""The commands, a file each subject; importing this package defines them all."""

from atelier.commands import (
    branches,
    check,
    compare,
    completion,
    doctor,
    follow,
    heroku,
    hint,
    lesson,
    new_step,
    progress,
    servers,
    start,
    undo,
    verify,
    watch,
)
from atelier.commands.group import atelier

__all__ = [
    "atelier",
    "branches",
    "check",
    "compare",
    "completion",
    "doctor",
    "follow",
    "heroku",
    "hint",
    "lesson",
    "new_step",
    "progress",
    "servers",
    "start",
    "undo",
    "verify",
    "watch",
]
