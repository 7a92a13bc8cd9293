"""An HTTP proxy for those who are in another network than this process.

`python -I -m atelier.follow.proxy DESCRIPTOR`: the descriptor is a Unix socket over which one
listening socket comes; when its other end is closed, this ends. CONNECT (RFC 9110, 9.3.6)
and requests with a whole address (RFC 9112, 3.2.2) are handed on; nothing is kept or read.
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys
import threading
from urllib.parse import urlsplit

_HEAD = 64 * 1024
_CONNECTS_WITHIN = 30.0  # seconds


def serve(listener: socket.socket) -> None:
    """Answer each connection in a thread of its own, for ever."""
    while True:
        client, _address = listener.accept()
        threading.Thread(target=_answer, args=(client,), daemon=True).start()


def _answer(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError, ValueError):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD:
            chunk = client.recv(_HEAD)
            if not chunk:
                return
            head += chunk
        line, _end, rest = head.partition(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ")
        tunnel = method == "CONNECT"
        address = urlsplit(f"//{target}" if tunnel else target)
        try:
            server = socket.create_connection(
                (address.hostname or "", address.port or 80), _CONNECTS_WITHIN
            )
        except OSError as error:
            client.sendall(f"HTTP/1.1 502 {error.strerror or error}\r\n\r\n".encode())
            return
        with server:
            server.settimeout(None)
            if tunnel:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                server.sendall(rest.partition(b"\r\n\r\n")[2])
            else:
                path = address._replace(scheme="", netloc="").geturl() or "/"
                # One request a connection: the next could be meant for another server.
                asked = f"{method} {path} {version}\r\nConnection: close\r\n"
                server.sendall(asked.encode("latin-1") + _without_connection(rest))
            _hand_on(client, server)


def _without_connection(head: bytes) -> bytes:
    fields, end, body = head.partition(b"\r\n\r\n")
    own = (b"connection:", b"proxy-connection:")
    kept = [field for field in fields.split(b"\r\n") if not field.lower().startswith(own)]
    return b"\r\n".join(kept) + end + body


def _hand_on(client: socket.socket, server: socket.socket) -> None:
    """Hand on what either says until both have said all, or the server has."""
    other = {client: server, server: client}
    speaking = [client, server]
    while server in speaking:
        for each in select.select(speaking, [], [])[0]:
            chunk = each.recv(_HEAD)
            if chunk:
                other[each].sendall(chunk)
            else:
                speaking.remove(each)
                with contextlib.suppress(OSError):
                    other[each].shutdown(socket.SHUT_WR)


def main(descriptor: int) -> None:
    """Serve until the process that this is for has ended."""
    with socket.socket(fileno=descriptor) as channel:
        _word, descriptors, _flags, _address = socket.recv_fds(channel, 1, 1)
        if not descriptors:
            return
        listener = socket.socket(fileno=descriptors[0])
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        channel.recv(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
