"""The commands, a file each subject; importing this package defines them all."""

from atelier.commands import (
    branches,
    check,
    follow,
    lesson,
    new_step,
    pages,
    progress,
    servers,
    start,
    verify,
)
from atelier.commands.group import atelier

__all__ = [
    "atelier",
    "branches",
    "check",
    "follow",
    "lesson",
    "new_step",
    "pages",
    "progress",
    "servers",
    "start",
    "verify",
]
