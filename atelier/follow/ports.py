"""The ports that lessons open: free before a lesson begins, or named with who holds them."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterable

from atelier.follow.mismatch import CannotFollow
from atelier.harness.deadline import Deadline
from atelier.harness.ports import port_holder

# The commands that open them.
_OPENED_BY = {
    6379: re.compile(r"\batelier redis\b|^redis-server\b"),
    8000: re.compile(r"\bflask run\b|\bgunicorn\b|\bhoncho\b"),
}
LESSON_PORTS = frozenset(_OPENED_BY)
_LET_GO_WITHIN = 10.0  # seconds that the lesson before has to let go of its ports


def ports_of(commands: Iterable[str]) -> set[int]:
    """Return the ports that `commands` open."""
    lines = list(commands)
    return {port for port, opens in _OPENED_BY.items() if any(map(opens.search, lines))}


def require_free(ports: Iterable[int]) -> None:
    """Raise CannotFollow unless all `ports` of this machine are free."""
    deadline = Deadline(_LET_GO_WITHIN)
    for port in sorted(ports):
        while not _free(port):
            if deadline.over or port_holder(port):
                raise CannotFollow(
                    f"Port {port} is taken{_by(port)}. A lesson opens it: stop what holds it."
                )
            time.sleep(0.1)


def _free(port: int) -> bool:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family) as caller:
            caller.settimeout(0.5)
            caller.connect((host, port))
            return False
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _by(port: int) -> str:
    """Say by whom a port is taken, where one may know."""
    holder = port_holder(port)
    return f" by {holder[0]}, process {holder[1]}" if holder else ""
