"""Free ports on the loopback interface."""

from __future__ import annotations

import contextlib
import socket

# Left to the learner's own programs, whether they run now or in a minute.
_KEPT_FREE = frozenset({5000, 6379, 8000})


def hold_port(port: int = 0) -> socket.socket:
    """Return a socket that keeps a port of 127.0.0.1 without listening: connections are refused.

    `port` 0 chooses a free one. Close it where a server of ours is to take the port.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(("127.0.0.1", port or free_port()))
    except BaseException:
        holder.close()
        raise
    return holder


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on.

    Another process may take it before it is used: whoever starts a server tries again.
    """
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = int(listener.getsockname()[1])
        if port not in _KEPT_FREE:
            return port


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
