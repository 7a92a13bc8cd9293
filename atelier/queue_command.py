"""`atelier queue`: what waits, runs and is done in a project's Redis, and who works on it."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

import click

from atelier.i18n import _
from atelier.queue.address import Address, BadAddress, read_address
from atelier.queue.reader import QueueReader
from atelier.queue.trouble import trouble
from atelier.queue.view import Kind, Line, view

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LOOK_EVERY = 0.5  # seconds
# Seconds that workers have to answer: a look that is the only one waits for a slow machine.
_PATIENCE_ONCE, _PATIENCE_LIVE = 1.0, 0.25
_STYLES = {Kind.HEADING: "bold", Kind.ITEM: "", Kind.NOTE: "dim"}


def show_queue(redis_url: str, *, once: bool = False) -> int:
    """Show what stands in the Redis at `redis_url`, as Celery's settings write it.

    In a terminal the view lives until Ctrl-C, which is its normal end: 0. With `once`, or
    when stdout is no terminal, it is one plain look: 0, or 1 where there is no Redis (said
    on stderr). 1 for a URL that names no Redis.
    """
    try:
        address = read_address(redis_url)
    except BadAddress:
        click.echo(_("REDIS_URL is not the address of a Redis."), err=True)
        click.echo(_("Such an address looks like this: redis://localhost:6379"), err=True)
        return 1
    reader = QueueReader(address.client(), address.database)
    with contextlib.closing(reader):
        if once or not sys.stdout.isatty():
            return _look_once(reader, address)
        from rich.console import Console

        console = Console()
        if console.is_dumb_terminal:
            return _look_once(reader, address)
        with contextlib.suppress(KeyboardInterrupt):
            _live(reader, address, console)
        return 0


def _look_once(reader: QueueReader, address: Address) -> int:
    from redis import RedisError

    try:
        look = reader.look(patience=_PATIENCE_ONCE)
    except (RedisError, OSError, UnicodeError) as error:
        click.echo("\n".join(trouble(address, error)), err=True)
        return 1
    click.echo("\n".join(text for _kind, text in view(look, str(address))))
    return 0


def _live(reader: QueueReader, address: Address, console: Console) -> None:
    from redis import RedisError
    from rich.live import Live

    shown: tuple[list[Line], object] | None = None
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            began = time.monotonic()
            try:
                look = reader.look(patience=_PATIENCE_LIVE)
                lines = view(look, str(address), height=console.height - 1)
            except (RedisError, OSError, UnicodeError) as error:
                lines = [(Kind.ITEM, line) for line in trouble(address, error)]
                lines.append((Kind.NOTE, _("This view goes on looking.")))
            if shown != (lines, console.size):
                shown = (lines, console.size)
                live.update(_rendered(lines), refresh=True)
            took = time.monotonic() - began
            # A slow look must not keep Redis busy: as long a pause follows it.
            time.sleep(max(_LOOK_EVERY - took, took))


def _rendered(lines: list[Line]) -> RenderableType:
    from rich.text import Text

    bottom = (Kind.NOTE, "\n" + _("Ctrl-C ends this view and stops nothing else."))
    text = Text(no_wrap=True, overflow="ellipsis")
    # Pieces of a Text are never read as markup.
    text.append_tokens((line + "\n", _STYLES[kind]) for kind, line in lines)
    text.append(bottom[1], _STYLES[bottom[0]])
    return text
