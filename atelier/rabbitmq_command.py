"""`atelier rabbitmq`: this machine's RabbitMQ in the foreground, in a folder of its own."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Sequence
from contextlib import closing

import click

from atelier.harness.family import Family
from atelier.harness.interrupts import undisturbed
from atelier.harness.rabbit_server import RabbitServer
from atelier.i18n import _
from atelier.paths import data_directory

PORT = 5672  # RabbitMQ's own
_OTHERS = (25672, 5673)  # the second one is not the port of the system's epmd, 4369
_LOOK_EVERY = 0.3  # seconds


def run_rabbitmq() -> int:
    """Run it until Ctrl-C or its end; it keeps nothing. Raises Skipped without one, OurSide."""
    family = Family()
    server = _server(family)
    if _is_taken(PORT):
        click.echo(
            _(
                "Port {port} is taken: does a RabbitMQ run there? Use that one, or stop it first.",
                port=PORT,
            ),
            err=True,
        )
        return 1
    folder = data_directory() / "rabbitmq"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        click.echo(_("RabbitMQ starts; that takes some seconds."))
        server.start()
        address = f"amqp://guest:guest@localhost:{PORT}//"
        click.echo(_("RabbitMQ: {address} (Ctrl-C stops it; it keeps nothing)", address=address))
        while server.running:
            time.sleep(_LOOK_EVERY)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        with undisturbed():
            family.end()
            shutil.rmtree(folder, ignore_errors=True)


def run_rabbitmqctl(words: Sequence[str]) -> int:
    """Run `rabbitmqctl` on the server of `run_rabbitmq`. Raises Skipped without one."""
    told = _server(Family()).control(*words)
    if told is None:
        click.echo(_("rabbitmqctl did not succeed: does atelier rabbitmq run?"), err=True)
        return 1
    click.echo(told, nl=False)
    return 0


def _server(family: Family) -> RabbitServer:
    return RabbitServer(family, data_directory() / "rabbitmq", PORT, _OTHERS)


def _is_taken(port: int) -> bool:
    with closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
