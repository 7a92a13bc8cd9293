"""`heroku`: a platform of one's own that the real `heroku` command talks to."""

from __future__ import annotations

from pathlib import Path

import click

from atelier.commands.group import atelier, in_a_language
from atelier.i18n import _

_home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("The folder of its data."),
)


@atelier.group(
    invoke_without_command=True,
    help=_("Run a local Heroku here until Ctrl-C; its apps are kept."),
)
@click.option(
    "--port", type=click.IntRange(1024, 65535), help=_("TCP port; a free one is found and kept.")
)
@_home
@click.pass_context
@in_a_language
def heroku(context: click.Context, port: int | None, home: Path | None) -> int:
    """Run the platform in the foreground."""
    context.obj = home
    if context.invoked_subcommand is not None:
        return 0
    from atelier.heroku.run import run_platform

    return run_platform(home, port)


@heroku.command(help=_('Print the settings of a terminal, for: eval "$(…)".'))
@_home
@click.pass_context
@in_a_language
def env(context: click.Context, home: Path | None) -> int:
    """Print what points heroku and git at the platform."""
    from atelier.heroku.run import print_environment

    return print_environment(home or context.obj)


@heroku.command(help=_("Remove all its apps, add-ons and data."))
@_home
@click.pass_context
@in_a_language
def reset(context: click.Context, home: Path | None) -> int:
    """Remove what the platform keeps."""
    from atelier.heroku.run import reset_platform

    return reset_platform(home or context.obj)
