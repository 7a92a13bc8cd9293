"""`atelier redis`: the embedded server in the foreground, as `redis-server` would run."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import sys
from pathlib import Path

import click

from atelier.harness.ports import port_holder
from atelier.harness.redis_server import server_binary
from atelier.i18n import _
from atelier.paths import data_directory

_HOST = "127.0.0.1"
_ANSWER_WITHIN = 0.5  # seconds for whoever holds the port to say that it is a Redis
_LAST_PORT = 65535


def run_redis(port: int = 6379) -> int:
    """Become a Redis server on 127.0.0.1:`port`; does not return when it starts.

    This process turns into the server: Ctrl-C, signals and the exit code are the server's
    own. Its queue stands in the user's data folder, in one folder per port, saved when it
    stops cleanly. Returns 2 for a port that is none, 1 (and says why) when it cannot start.
    Raises OurSide when the machine has no server.
    """
    if not 0 < port <= _LAST_PORT:
        return _refuse(_("A port is a number from 1 to {last}.", last=_LAST_PORT), code=2)
    binary = server_binary()
    refusal = _open_port(port)
    if refusal is not None:
        return refusal
    try:
        folder = data_directory() / "redis" / str(port)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _become(binary, port, folder)
    except (OSError, RuntimeError) as error:
        return _refuse(_("Redis cannot be started here: {why}", why=str(error)))


def _become(binary: Path, port: int, folder: Path) -> int:
    address = f"redis://localhost:{port}"
    click.echo(
        _(
            "Redis: {address} (Ctrl-C stops it; it keeps its queue for the next start)",
            address=address,
        )
    )
    command = [
        *(str(binary), "--port", str(port), "--bind", _HOST, "--dir", str(folder)),
        # One save point is enough for the server to save when it is asked to stop.
        *("--save", "3600 1", "--appendonly", "no", "--daemonize", "no", "--logfile", ""),
    ]
    # A redis-server from 7.2 on stops at its start where the terminal's locale is missing.
    # Source: https://github.com/valkey-io/valkey/pull/3067
    environment = {**os.environ, "LC_ALL": "C"}
    alive = _end_with_the_terminal()
    try:
        os.execve(binary, command, environment)
    finally:
        if alive is not None:
            os.close(alive)


# The terminal closes


def _end_with_the_terminal() -> int | None:
    """Have the server stop when its terminal is closed: by itself it ignores SIGHUP.

    A small process of the same group waits for that signal. It ends with the server, as it
    holds the other end of the returned descriptor, which the server must inherit.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return None  # nohup: asked to outlive the terminal
    server = os.getpid()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            # Born twice, so that the server has no child that it knows nothing of.
            if os.fork() == 0:
                os.close(writing)
                _watch(server, reading)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(reading)
    os.set_inheritable(writing, True)
    return writing


def _watch(server: int, reading: int) -> None:
    """Stop the process `server` at SIGHUP, or when its terminal is gone, until `reading` ends."""

    def stop_server(*_signal: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGTERM)

    signal.signal(signal.SIGHUP, stop_server)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    changes = select.poll()
    changes.register(reading, 0)
    # A shell sends SIGHUP to what runs in its terminal. Without a shell, Linux sends it to
    # the server alone, but the terminal itself says that it is gone.
    terminal = next((number for number in (0, 1, 2) if os.isatty(number)), None)
    if terminal is not None and sys.platform == "linux":
        terminal = os.dup(terminal)
        changes.register(terminal, 0)
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    while True:
        for changed, _event in changes.poll():
            if changed == reading:
                return
            stop_server()
            changes.unregister(changed)


# The port


def _open_port(port: int) -> int | None:
    """Return None when the port is free, else say who has it and return the exit code."""
    try:
        _bind(port)
    except PermissionError:
        return _refuse(
            _("This user may not open port {port}: choose one above 1023.", port=port),
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
    else:
        # Outside Linux, an address can be bound beside a server that listens on all of them.
        if sys.platform == "linux" or not _answers(port):
            return None
    is_redis = _is_redis(port)
    if is_redis:
        says = [_("Port {port} is taken: a Redis server already answers there.", port=port)]
    else:
        says = [_("Port {port} is taken by another program.", port=port)]
    holder = port_holder(port)
    if holder is not None:
        name, pid = holder
        says.append(_("It is {name}, process {pid}.", name=name, pid=pid))
    says.append(
        _("Use that one as it is, or stop it first.") if is_redis else _("Can you stop it?")
    )
    says.append(
        _(
            "Or take another port: pipenv run atelier redis --port {other}"
            " and, in the project's .env, REDIS_URL=redis://localhost:{other}",
            other=_free_port_after(port),
        )
    )
    return _refuse(*says)


def _bind(port: int) -> None:
    """Open `port` and close it. Raises OSError as the system says it."""
    with socket.socket() as listener:
        # As the server does: a port that was in use a moment ago is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(1)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection((_HOST, port), _ANSWER_WITHIN).close()
        return True
    return False


def _is_redis(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), _ANSWER_WITHIN) as connection:
            connection.settimeout(_ANSWER_WITHIN)
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith((b"+PONG", b"-NOAUTH", b"-LOADING", b"-DENIED"))
    except OSError:
        return False


def _free_port_after(port: int) -> int:
    for other in range(port + 1, min(port + 50, _LAST_PORT)):
        with contextlib.suppress(OSError):
            _bind(other)
            return other
    return port + 1 if port < _LAST_PORT else port - 1


def _refuse(*sentences: str, code: int = 1) -> int:
    click.echo("\n".join(sentences), err=True)
    return code
