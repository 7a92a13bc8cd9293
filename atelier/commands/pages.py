"""`serve` shows the lessons in the browser, `build` writes them as a static site."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import click

from atelier.commands.desk import RUN, Desk
from atelier.commands.group import atelier, in_a_language
from atelier.i18n import _
from atelier.project import ProjectError

_USUAL_PORT = 8765


@atelier.command(help=_("Read the lessons in the browser, until Ctrl-C."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("TCP port."))
@click.option("--no-browser", is_flag=True, help=_("Only print the address."))
@in_a_language
def serve(port: int | None, no_browser: bool) -> int:
    """Serve the pages on this machine; without `--port`, on the usual one or any that is free."""
    return serve_pages(port, browser=not no_browser)


def serve_pages(port: int | None = None, page: str = "", *, browser: bool = True) -> int:
    """Serve the lessons with the learner's criteria, until Ctrl-C; say where `page` is.

    With `browser`, someone at a terminal and a screen sees it in their browser. Raises
    ProjectError when the port cannot be had.
    """
    from atelier.commands.live_desk import LiveDesk
    from atelier.pages.browser import open_page
    from atelier.pages.live.hub import Hub
    from atelier.pages.server import HOST, open_server
    from atelier.pages.site import Site

    learner = LiveDesk(Desk().course)
    hub = Hub(learner)
    site = Site(learner.course, learner.standing, live=True)
    try:
        try:
            server = open_server(site, port or _USUAL_PORT, hub)
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise
            server = open_server(site, 0, hub)
    except OSError as error:
        raise ProjectError(
            _(
                "Port {port} cannot be used here ({why}). Without --port, a free one is chosen: "
                "{command}",
                port=port or _USUAL_PORT,
                why=os.strerror(error.errno or 0),
                command=f"{RUN} serve",
            ),
            "port",
        ) from error
    address = f"http://{HOST}:{server.port}/{page}"
    click.echo(_("The lessons: {address} (Ctrl-C stops it)", address=address))
    if browser and sys.stdout.isatty():
        open_page(address, os.environ)
    try:
        server.serve_forever()  # Ctrl-C is its end, and no mistake
    finally:
        hub.close()
    return 0


@atelier.command(help=_("Write the lessons as a static web site into the folder OUT."))
@click.argument("out", type=click.Path(path_type=Path))
@in_a_language
def build(out: Path) -> None:
    """Write the site."""
    from atelier.course import BrokenCourse
    from atelier.lesson.parse import LessonError
    from atelier.pages.build import build as build_site

    try:
        count = build_site(Desk().course, out)
    except LessonError as error:
        raise BrokenCourse(str(error)) from error
    click.echo(_("{count} files are in {folder}.", count=count, folder=str(out)))
