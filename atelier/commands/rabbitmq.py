"""`rabbitmq` runs the other broker of step 25, `rabbitmqctl` asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from atelier.commands.group import atelier, in_a_language
from atelier.i18n import _

if TYPE_CHECKING:
    from atelier.verdicts import Skipped


@atelier.command(help=_("Run this machine's RabbitMQ here until Ctrl-C; it keeps nothing."))
@in_a_language
def rabbitmq() -> int:
    """Run the server in the foreground."""
    from atelier.rabbitmq_command import run_rabbitmq
    from atelier.verdicts import Skipped

    try:
        return run_rabbitmq()
    except Skipped as none:
        return _refuse(none)


@atelier.command(
    context_settings={"ignore_unknown_options": True},
    help=_("Ask the RabbitMQ that `atelier rabbitmq` runs, with rabbitmqctl's own words."),
)
@click.argument("words", metavar="[WORD]...", nargs=-1, required=True, type=click.UNPROCESSED)
@in_a_language
def rabbitmqctl(words: tuple[str, ...]) -> int:
    """Hand the words on."""
    from atelier.rabbitmq_command import run_rabbitmqctl
    from atelier.verdicts import Skipped

    try:
        return run_rabbitmqctl(words)
    except Skipped as none:
        return _refuse(none)


def _refuse(none: Skipped) -> int:
    click.echo(str(none), err=True)
    click.echo(_("Can you install it with your system's packages?"), err=True)
    return 1
