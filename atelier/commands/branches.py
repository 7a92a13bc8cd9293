"""`branches`: the solution of each step as a branch."""

from __future__ import annotations

import click

from atelier.branches import branch_of, write_branches
from atelier.commands.desk import Desk
from atelier.commands.group import atelier, in_a_language
from atelier.git import is_repository
from atelier.i18n import _
from atelier.project import ProjectError, resolve


@atelier.command(help=_("Write the solution branches into your project's repository."))
@click.option("--repo", metavar="DIR", help=_("Write them into this repository instead."))
@in_a_language
def branches(repo: str | None) -> None:
    """Write the branches and list them."""
    desk = Desk()
    repository = resolve(repo) if repo else desk.project
    if not repository.is_dir() or not is_repository(repository):
        raise ProjectError(
            _("{folder} is no git repository.", folder=str(repository)), "no-repository"
        )
    written = write_branches(desk.course, repository)
    for name in written:
        click.echo(name)
    for step in desk.course.steps:
        if branch_of(step) not in written:
            click.echo(
                _(
                    "Left as it is, for it is checked out or has a commit of yours: {branch}",
                    branch=branch_of(step),
                ),
                err=True,
            )
