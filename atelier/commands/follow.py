"""`follow`: the lessons done word for word."""

from __future__ import annotations

import click

from atelier.commands.desk import title
from atelier.commands.group import atelier, in_a_language
from atelier.course import Course, workshop_root
from atelier.i18n import _, chosen_language


@atelier.command(
    help=_(
        "For authors: do what the lessons say, in a scratch home, and compare what comes. "
        "Without STEP: all of them."
    )
)
@click.argument("step_names", metavar="[STEP]...", nargs=-1)
@click.option(
    "--shell",
    type=click.Choice(("bash", "zsh")),
    default="bash",
    show_default=True,
    help=_("The shell to type in."),
)
@click.option(
    "--own-network",
    is_flag=True,
    help=_("In a network of its own (Linux): the lessons' ports need not be free here."),
)
@click.option("--keep", is_flag=True, help=_("Keep the scratch folder for a look."))
@in_a_language
def follow(step_names: tuple[str, ...], shell: str, own_network: bool, keep: bool) -> int:
    """Follow the lessons; 1 where one is wrong, 2 where it cannot be done here."""
    from atelier.follow.mismatch import CannotFollow, Mismatch
    from atelier.follow.network import NoNetwork, enter_own_network
    from atelier.follow.run import Followed, Run
    from atelier.lesson.parse import LessonError

    course = Course(workshop_root())
    chosen = [course.step(name) for name in step_names] or course.steps

    def tell(done: Followed) -> None:
        click.echo(f"{title(done.step)}: {done.commands} commands, {done.seconds:.0f} s")
        for skipped in done.skipped:
            click.echo(f"  skipped: {skipped}")

    try:
        network = enter_own_network() if own_network else None
        run = Run(course, chosen_language(), shell, network)
    except (CannotFollow, NoNetwork) as error:
        click.echo(str(error), err=True)
        return 2
    kept = keep
    try:
        followed = run.follow([step for step in course.steps if step in chosen], tell)
    except Mismatch as error:
        kept = True
        click.echo(str(error), err=True)
        return 1
    except (CannotFollow, LessonError) as error:
        click.echo(str(error), err=True)
        return 2
    finally:
        if kept:
            click.echo(f"Kept for a look: {run.folder}", err=True)
        else:
            run.close()
    commands = sum(done.commands for done in followed)
    skipped = sum(len(done.skipped) for done in followed)
    seconds = sum(done.seconds for done in followed)
    click.echo(f"{commands} commands run, {skipped} skipped, {seconds:.0f} s")
    return 0
