"""The ports that lessons open: free before a lesson begins, or named with who holds them."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterable

from atelier.follow.mismatch import CannotFollow
from atelier.harness.deadline import Deadline

# The commands that open them.
_OPENED_BY = {
    6379: re.compile(r"\batelier redis\b|^redis-server\b"),
    8000: re.compile(r"\bflask run\b|\bgunicorn\b|\bhoncho\b"),
}
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
            if deadline.over or _holder(port):
                raise CannotFollow(
                    f"Port {port} is taken{_holder(port)}. A lesson opens it: stop what holds it."
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


def _holder(port: int) -> str:
    """Name the process that listens on `port`, where one may know."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for connection in process.net_connections("tcp"):
                local = connection.laddr
                if connection.status == psutil.CONN_LISTEN and local and local.port == port:
                    return f" by {process.name()}, process {process.pid}"
    return ""
