"""Markdown in the terminal: drawn where somebody reads, as it is written where a program does."""

from __future__ import annotations

import sys

import click

_WIDEST = 100  # columns; longer lines are hard to read


def show(text: str, *, pager: bool = False) -> None:
    """Show `text`; with `pager`, in one, when it is longer than the terminal."""
    if not sys.stdout.isatty():
        click.echo(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    width = min(console.width, _WIDEST)
    if not pager:
        console.print(Markdown(text), width=width)
        return
    with console.pager(styles=True):
        console.print(Markdown(text), width=width)
