"""`atelier heroku`: the platform in the foreground, and what it says of itself."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from atelier.harness.interrupts import undisturbed
from atelier.harness.ports import free_port, port_holder
from atelier.heroku.environment import as_shell, client_environment
from atelier.heroku.places import Places, default_home
from atelier.i18n import _

if TYPE_CHECKING:
    from atelier.heroku.platform import Platform

_RUN = "pipenv run atelier heroku"


def run_platform(home: Path | None, port: int | None) -> int:
    """Run the platform of `home` until Ctrl-C; 1 when it cannot start."""
    from atelier.heroku.api import make_api
    from atelier.heroku.front_door import FrontDoor, make_front_door
    from atelier.heroku.platform import AlreadyRunning, Platform
    from atelier.heroku.router import Router

    place = (home or default_home()).expanduser().resolve()
    try:
        platform = Platform(place)
    except AlreadyRunning:
        click.echo(_("The local Heroku already runs in {folder}.", folder=str(place)), err=True)
        return 1
    try:
        known = platform.store.setting("port")
        chosen = port or (int(known) if known else free_port())
        # The door is opened first: the port is part of every address that is handed out.
        door = FrontDoor(make_api(platform), Router(platform))
        try:
            server = make_front_door(door, chosen)
        except OSError:
            return _port_taken(chosen)
        click.echo(_("The local Heroku starts…"))
        for sentence in platform.start(chosen):
            click.echo(sentence, err=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        _tell(platform, default=home is None)
        try:
            while True:
                signal.pause()
        finally:
            with undisturbed():
                click.echo(_("The dynos are stopped (30 seconds at most)…"))
                server.shutdown()
    finally:
        with undisturbed():
            platform.stop()
    return 0


def _tell(platform: Platform, *, default: bool) -> None:
    """Say, on one screen, what is up and what to type."""
    home = platform.places.home
    click.echo(_("The local Heroku is up: {url}", url=platform.url))
    click.echo(_("Its data: {folder}", folder=str(home)))
    apps = platform.store.apps()
    if apps:
        click.echo(_("Apps:"))
        for app in apps:
            click.echo(f"  {app.name}  {platform.web_url(app.name)}")
    else:
        click.echo(_("There is no app yet: heroku create makes one."))
    click.echo("")
    click.echo(_("In each terminal where you type heroku or git push heroku, first type:"))
    click.echo("")
    where = "" if default else f" --home {shlex.quote(str(home))}"
    click.echo(f'  eval "$({_RUN} env{where})"')
    click.echo("")
    click.echo(_("Ctrl-C stops it; apps, config vars and add-ons are kept for the next start."))


def _port_taken(port: int) -> int:
    holder = port_holder(port)
    if holder is None:
        click.echo(_("Port {port} is taken by another program.", port=port), err=True)
    else:
        click.echo(
            _(
                "Port {port} is taken by {name} (process {pid}).",
                port=port,
                name=holder[0],
                pid=holder[1],
            ),
            err=True,
        )
    click.echo(
        _(
            "Stop that program, or choose a port: {command}. The remote heroku of your "
            "project names the port: type heroku git:remote -a NAME anew.",
            command=f"{_RUN} --port N",
        ),
        err=True,
    )
    return 1


def print_environment(home: Path | None) -> int:
    """Print what a terminal evaluates; 1 when the platform was never started."""
    places = Places((home or default_home()).expanduser().resolve())
    port, key = settings_of(places)
    if port is None or key is None:
        click.echo(
            _(
                "The local Heroku was not started yet. In another terminal, type: {command}",
                command=_RUN,
            ),
            err=True,
        )
        return 1
    click.echo(as_shell(client_environment(places, int(port), key, os.environ)))
    return 0


def settings_of(places: Places) -> tuple[str | None, str | None]:
    """Return the port and the key of a platform that may run; None where it never did."""
    if not places.database.is_file():
        return None, None
    connection = sqlite3.connect(places.database, timeout=5)
    try:
        known = dict(connection.execute("select name, value from settings"))
    except sqlite3.Error:
        return None, None
    finally:
        connection.close()
    return known.get("port"), known.get("key")


def reset_platform(home: Path | None) -> int:
    """Remove all that the platform keeps; 1 while it runs."""
    from atelier.heroku.addons import remove_all
    from atelier.heroku.container import end_former_life
    from atelier.heroku.platform import AlreadyRunning, Platform

    places = Places((home or default_home()).expanduser().resolve())
    if not places.database.is_file():
        click.echo(_("There is nothing to remove."))
        return 0
    try:
        platform = Platform(places.home)
    except AlreadyRunning:
        click.echo(_("The local Heroku runs: stop it first, with Ctrl-C."), err=True)
        return 1
    end_former_life(platform.id, places.dynos)
    remove_all(places.addons)
    platform.store.close()
    for entry in places.entries():
        shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink()
    click.echo(_("All apps, config vars, releases and add-ons are removed."))
    return 0
