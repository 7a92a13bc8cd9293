"""`redis` runs the place where tasks wait, `queue` shows what stands in it."""

from __future__ import annotations

from pathlib import Path

import click

from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language
from atelier.harness.environment import read_dotenv
from atelier.i18n import _
from atelier.project import ProjectError


@atelier.command(help=_("Run a Redis server here until Ctrl-C; its queue is kept."))
@click.option(
    "--port", type=click.IntRange(1, 65535), default=6379, show_default=True, help=_("TCP port.")
)
@in_a_language
def redis(port: int) -> int:
    """Run the embedded server in the foreground."""
    from atelier.redis_command import run_redis

    return run_redis(port)


@atelier.command(help=_("Show what waits, runs and is done in your project's Redis."))
@click.option("--once", is_flag=True, help=_("One look, then end."))
@in_a_language
def queue(once: bool) -> int:
    """Show the queue that the project's `.env` names."""
    from atelier.queue_command import show_queue

    return show_queue(redis_url(Desk().project), once=once)


def redis_url(project: Path) -> str:
    """Return the REDIS_URL that the project's `.env` names. Raises ProjectError without one."""
    url = read_dotenv(project / ".env").get("REDIS_URL")
    if not url:
        raise ProjectError(
            _(
                "{file} has no line REDIS_URL=…: there is no queue to show. Lesson 08 adds it.",
                file=str(project / ".env"),
            ),
            "no-redis-url",
        )
    return url
