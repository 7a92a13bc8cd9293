"""The group that every command belongs to, and the option that they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from atelier.i18n import LANGUAGES, _

Command = TypeVar("Command", bound=Callable[..., object])


def in_a_language(function: Command) -> Command:
    """Add `--lang`, which cli.py reads before the command starts."""
    option = click.option(
        "--lang", type=click.Choice(LANGUAGES), expose_value=False, help=_("The language to speak.")
    )
    return option(function)


def complete_step(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the steps whose number or slug begins with what was typed."""
    from atelier.course import Course, workshop_root

    steps = Course(workshop_root()).steps
    names = [step.name for step in steps if step.name.startswith(incomplete)]
    return names or [step.slug for step in steps if step.slug.startswith(incomplete)]


def step_argument(function: Command) -> Command:
    """Add the argument STEP: a number, a slug or both; without it, the current step."""
    argument = click.argument(
        "step_name", metavar="[STEP]", required=False, shell_complete=complete_step
    )
    return argument(function)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("A workshop on background jobs: it runs what you write and says what is there."),
)
@in_a_language
def atelier() -> None:
    """Hold the commands."""
