"""A TLS listener in front of a server that has none, as a host puts one before its Redis.

Its certificate is signed by itself. The key is in the repository: it protects nothing.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from pathlib import Path

_CERTIFICATE = Path(__file__).with_name("self_signed.pem")
_READ = 64 * 1024


class TlsListener:
    """Listens on a free port of 127.0.0.1, and hands on to the port `behind` what it reads."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(_CERTIFICATE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Take no more connections; those that are there end with their clients."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed by stop()
            while True:
                client, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # A client that refuses the certificate, or goes, is the client's affair.
        with contextlib.suppress(OSError), client:
            client.settimeout(10)
            with (
                self._context.wrap_socket(client, server_side=True) as secure,
                socket.create_connection(("127.0.0.1", self._behind)) as server,
            ):
                secure.settimeout(None)
                _exchange(secure, server)


def _exchange(secure: ssl.SSLSocket, server: socket.socket) -> None:
    """Hand bytes on in both directions until one side ends."""
    with selectors.DefaultSelector() as selector:
        selector.register(secure, selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while True:
            for key, _events in selector.select():
                if key.fileobj is server:
                    content = server.recv(_READ)
                    secure.sendall(content)
                else:
                    content = secure.recv(_READ)
                    while secure.pending():  # decrypted already: select would not tell
                        content += secure.recv(_READ)
                    server.sendall(content)
                if not content:
                    return
