"""What a Redis is asked, and over which connection: its own command MONITOR, read raw."""

from __future__ import annotations

import re
import secrets
import socket
from dataclasses import dataclass

from atelier.harness.redis_server import RedisServer

_LINE = re.compile(r"\+[\d.]+ \[\d+ (?P<address>[^\]]+)\] (?P<words>.*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_READ_WITHIN = 10.0  # seconds


@dataclass(frozen=True)
class Asked:
    """A command, and the address of the client that sent it: one connection has one."""

    address: str
    words: tuple[str, ...]


class Monitor:
    """Hears each command that a Redis is sent from now on. It buffers what nobody has read yet."""

    def __init__(self, server: RedisServer) -> None:
        self._client = server.client()
        self._socket = socket.create_connection(("127.0.0.1", server.port), _READ_WITHIN)
        self._lines = self._socket.makefile("r", encoding="utf-8", errors="replace")
        self._socket.sendall(b"MONITOR\r\n")
        self._lines.readline()  # +OK
        self._heard: list[Asked] = []

    def heard(self) -> list[Asked]:
        """Return every command up to now, the oldest first."""
        token = secrets.token_hex(8)
        self._client.echo(token)
        for line in self._lines:
            if token in line:
                break
            if found := _LINE.match(line):
                words = tuple(word[1] for word in _WORD.finditer(found["words"]))
                self._heard.append(Asked(found["address"], words))
        return list(self._heard)

    def close(self) -> None:
        """Hear no more."""
        self._lines.close()
        self._socket.close()
