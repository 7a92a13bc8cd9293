"""Free ports on the loopback interface."""

from __future__ import annotations

import contextlib
import socket
from functools import cache

# Left to the learner's own programs, whether they run now or in a minute.
_KEPT_FREE = frozenset({5000, 6379, 8000})


class HeldPort:
    """A port of 127.0.0.1 that is kept, refusing connections until a server of ours takes it.

    Where the system allows it, Linux does, the port is kept while the server runs too, and
    never is another program's between two lives of it.
    """

    def __init__(self) -> None:
        """Choose a free port and keep it."""
        self._holder: socket.socket | None = None
        while self._holder is None:
            holder = socket.socket()
            holder.bind(("127.0.0.1", 0))
            self.number = int(holder.getsockname()[1])
            if self.number in _KEPT_FREE:
                holder.close()
                continue
            # Only now: to choose, it must not share; a server that shares may join it.
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._holder = holder

    def lend(self) -> None:
        """Let a server listen on it."""
        if not can_share():
            self.release()

    def take_back(self) -> None:
        """Keep it again once the server has ended. Raises OSError when another was faster."""
        if self._holder is None:
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind(("127.0.0.1", self.number))
            except BaseException:
                holder.close()
                raise
            self._holder = holder

    def release(self) -> None:
        """Let it go."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None


@cache
def can_share() -> bool:
    """Whether a server may listen on a port that another socket keeps without listening.

    Linux: socket(7), SO_REUSEADDR, "except when there is an active listening socket bound to
    the address". BSD and macOS refuse the second socket.
    """
    with socket.socket() as holder, socket.socket() as server:
        holder.bind(("127.0.0.1", 0))
        for each in (holder, server):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(holder.getsockname())
            server.listen()
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on.

    Another process may take it before it is used: whoever starts a server tries again.
    """
    port = HeldPort()
    port.release()
    return port.number


def listens(port: int) -> bool:
    """Whether something listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_holder(port: int) -> tuple[str, int] | None:
    """Return the name and the id of the process that listens on `port`, where one may know."""
    import psutil

    # Process by process: macOS shows a user their own processes, never the list of all.
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for connection in process.net_connections("tcp"):
                local = connection.laddr
                if connection.status == psutil.CONN_LISTEN and local and local.port == port:
                    return process.name(), process.pid
    return None
