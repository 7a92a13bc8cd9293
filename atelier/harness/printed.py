"""What the servers of a world printed: what a learner would have seen in their terminals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.crash import without_colours

if TYPE_CHECKING:
    from atelier.harness.world import World

_LONGEST = 8000  # characters: the end of an output tells most
_SERVERS = ("celery", "flask", "gunicorn", "honcho", "sh")


@dataclass(frozen=True)
class Printed:
    """The command of a server, as it was started, and what it printed."""

    command: str
    text: str


def printed_in(world: World) -> list[Printed]:
    """Return what each web server, worker and Redis in `world` printed, in their order."""
    found = [
        Printed(" ".join([name, *arguments]), _known_paths(process.output.text, world.root))
        for process in list(world.started)
        for name, *arguments in [[Path(process.command[0]).name, *process.command[1:]]]
        if name in _SERVERS and (name != "flask" or "run" in arguments)
    ]
    redis = world.redis_server.printed
    return [*found, *([Printed("redis-server", _end(redis))] if redis else [])]


def _known_paths(text: str, root: Path) -> str:
    return _end(without_colours(text).replace(f"{root}/", "").replace(str(root), "."))


def _end(text: str) -> str:
    return text if len(text) <= _LONGEST else f"[...]\n{text[-_LONGEST:]}"
