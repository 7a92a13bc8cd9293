"""`heroku-redis:mini`: a Valkey of its own behind TLS, small, and with few places."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import threading
from pathlib import Path

from atelier.harness.redis_server import READY, server_binary
from atelier.harness.tls import TlsListener
from atelier.heroku.addons.kept import keep, read_kept
from atelier.heroku.addons.left_over import end_servers_in
from atelier.heroku.addons.server_process import ServerProcess, start_server
from atelier.heroku.certificate import make_certificate
from atelier.i18n import _

CONNECTIONS = 20
_REFUSAL = b"-ERR max number of clients reached\r\n"
_SETTINGS = "redis.conf"
# What the host keeps to itself is refused, as there: an app cannot stop its server or open it
# to others. It may watch it.
_RIGHTS = "+@all -@admin +client +monitor +slowlog +latency +config|get +acl|whoami"


class RedisService:
    """One add-on: a server, its data, its password and its certificate in a folder."""

    plan = "heroku-redis:mini"
    config_var = "REDIS_URL"

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name
        self._lock = threading.RLock()
        self._server: ServerProcess | None = None
        self._listener: TlsListener | None = None

    @property
    def running(self) -> bool:
        """Whether it is started and its server has not ended."""
        server = self._server
        return server is not None and server.running

    def start(self) -> str:
        """Start it where needed, wait until it answers, and return its URL. Raises OurSide."""
        with self._lock:
            binary = server_binary()
            kept = self._keep_values()
            if not self.running:
                self._start_server(binary, kept["password"])
            if self._listener is None:
                self._listener = self._listen(int(kept.get("port", 0)))
            assert self._server is not None
            self._listener.behind = self._server.port
            if kept.get("port") != str(self._listener.port):
                keep(self._values, {**kept, "port": str(self._listener.port)})
            return f"rediss://:{kept['password']}@127.0.0.1:{self._listener.port}"

    def stop(self) -> None:
        """End it. Its data stay."""
        with self._lock:
            if self._listener is not None:
                self._listener.stop()
                self._listener = None
            if self._server is not None:
                self._server.stop(signal.SIGTERM)
                self._server = None

    def destroy(self) -> None:
        """End it and remove its data."""
        with self._lock:
            self.stop()
            end_servers_in(self._folder)
            if self._folder.exists():
                shutil.rmtree(self._folder)

    @property
    def _values(self) -> Path:
        return self._folder / "kept.json"

    def _keep_values(self) -> dict[str, str]:
        kept = read_kept(self._values)
        if "password" not in kept:
            kept = {"password": f"p{secrets.token_hex(32)}"}
            keep(self._values, kept)
        return kept

    def _start_server(self, binary: Path, password: str) -> None:
        end_servers_in(self._folder)

        def command(port: int) -> list[str]:
            self._write_settings(port, password)
            return [str(binary), _SETTINGS]

        self._server = start_server(
            command, self._folder, ready=READY, refusal=_("The Redis server did not start.")
        )

    def _write_settings(self, port: int, password: str) -> None:
        digest = hashlib.sha256(password.encode()).hexdigest()
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"user default on #{digest} ~* &* {_RIGHTS}",
            # Written as it comes, so that a kill costs nothing.
            *('save ""', "appendonly yes", "auto-aof-rewrite-min-size 16mb"),
            # The plan's: what does not fit is refused, and a client that sleeps is let go.
            *("maxmemory 25mb", "maxmemory-policy noeviction", "proto-max-bulk-len 25mb"),
            "timeout 300",
            *("daemonize no", 'logfile ""'),
        ]
        path = self._folder / _SETTINGS
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _listen(self, port: int) -> TlsListener:
        certificate = make_certificate(self._folder / "certificate.pem")
        assert self._server is not None
        for choice in (port, 0):
            try:
                return TlsListener(
                    self._server.port,
                    certificate,
                    port=choice,
                    limit=CONNECTIONS,
                    refusal=_REFUSAL,
                )
            except OSError:
                if not choice:
                    raise
        raise AssertionError("not reached")
