"""`verify`: the whole course proved."""

from __future__ import annotations

import json

import click

from atelier.commands.group import atelier, in_a_language
from atelier.course import Course, workshop_root
from atelier.i18n import _


@atelier.command(
    help=_(
        "For authors: prove the whole course. Every solution, start and answer judged, every "
        "lesson compared and followed in both languages; every defect told with its place."
    )
)
@click.option("--fast", is_flag=True, help=_("Only what needs no process: a few seconds."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@in_a_language
def verify(fast: bool, as_json: bool) -> int:
    """Prove the course; 1 where it has a defect."""
    from atelier.verify.render import Teller
    from atelier.verify.run import Listener, verify

    course = Course(workshop_root())
    teller = Teller()
    if as_json:
        found = verify(course, fast=fast, listener=Listener(progress=teller.progress))
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        listener = Listener(teller.defect, teller.progress)
        found = verify(course, fast=fast, listener=listener)
        teller.account(found)
    return 1 if found.defects else 0
