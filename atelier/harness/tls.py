"""A TLS listener in front of a server that has none, as a host puts one before its Redis."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from pathlib import Path

from atelier.harness.ports import free_port

# Signed by itself. The key is in the repository: it protects nothing.
_SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
_READ = 64 * 1024
_HANDSHAKE_WITHIN = 10.0  # seconds
_CLOSE_WITHIN = 2.0
_STOP_WITHIN = 5.0
_WAITING = 100  # clients beyond the limit that may be in a handshake, or hear a refusal


class TlsListener:
    """Listens on a port of 127.0.0.1, and hands on to the port `behind` what it reads.

    `certificate` is a PEM file with a key and its certificates. At most `limit` clients are
    handed on at a time; one more reads `refusal` and is closed. Raises OSError when `port` is
    taken; 0 chooses a free one.
    """

    def __init__(
        self,
        behind: int,
        certificate: Path = _SELF_SIGNED,
        *,
        port: int = 0,
        limit: int | None = None,
        refusal: bytes = b"",
    ) -> None:
        self.behind = behind  # may be changed: new clients go there
        self._limit = limit
        self._refusal = refusal
        self._clients = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", port or free_port()))
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._main = self._loop.create_task(self._listen())
        self._thread = threading.Thread(target=self._run, name=f"tls-{self.port}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the port go, and close every client's connection. May be called again."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(_STOP_WITHIN)

    def _run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
        finally:
            self._loop.close()

    async def _listen(self) -> None:
        """Take clients until this is cancelled, then close what is open."""
        self._loop.add_reader(self._listener, self._take)
        try:
            await asyncio.Event().wait()
        finally:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0)  # aborted connections close in the loop's next turn

    def _take(self) -> None:
        # Not the loop's own sock_accept: cancelled, it may lose a client that it has taken.
        try:
            client, _address = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # the client is gone
        except OSError:  # this process has no descriptor left: asked at once, it would not either
            self._loop.remove_reader(self._listener)
            self._loop.call_later(0.1, self._take_again)
            return
        if self._limit is not None and len(self._tasks) >= self._limit + _WAITING:
            client.close()
            return
        client.setblocking(False)
        task = self._loop.create_task(self._serve(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _take_again(self) -> None:
        if not self._main.done() and self._listener.fileno() != -1:
            self._loop.add_reader(self._listener, self._take)

    async def _serve(self, client: socket.socket) -> None:
        # A client that refuses the certificate, or goes, is the client's affair.
        with contextlib.suppress(OSError):
            reader, writer = await self._greet(client)
            try:
                if self._limit is not None and self._clients >= self._limit:
                    writer.write(self._refusal)
                else:
                    self._clients += 1
                    try:
                        await self._hand_on(reader, writer)
                    finally:
                        self._clients -= 1
                writer.close()
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await writer.wait_closed()
            finally:
                writer.transport.abort()

    async def _greet(
        self, client: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Do the handshake. Raises OSError, of which ssl.SSLError and TimeoutError are kinds."""
        reader = asyncio.StreamReader(_READ, loop=self._loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self._loop)
        transport, _protocol = await self._loop.connect_accepted_socket(
            lambda: protocol,
            client,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE_WITHIN,
            ssl_shutdown_timeout=_CLOSE_WITHIN,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand bytes on in both directions until one side ends."""
        from_server, to_server = await asyncio.open_connection(
            "127.0.0.1", self.behind, limit=_READ
        )
        pumps = [
            self._loop.create_task(_pump(reader, to_server)),
            self._loop.create_task(_pump(from_server, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            to_server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while content := await reader.read(_READ):
        writer.write(content)
        await writer.drain()
