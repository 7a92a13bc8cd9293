"""The hints of a step as HTML: each of them folded, to be opened one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markdown_it.token import Token

from atelier.lesson.parse import markdown


def show_hints(path: Path, word: str) -> str:
    """Return the hints in the file `path`; `word` is what one of them is called. Raises OSError."""
    parser = markdown()
    tokens = parser.parse(path.read_text("utf-8"))
    return str(parser.renderer.render(list(_folded(tokens, word)), parser.options, {}))


def _folded(tokens: list[Token], word: str) -> Iterator[Token]:
    """Each heading, which is a number, becomes the line that opens a hint."""
    at, is_open = 0, False
    while at < len(tokens):
        if tokens[at].type == "heading_open":
            number = tokens[at + 1].content
            before = "</details>\n" if is_open else ""
            html = f"{before}<details>\n<summary>{word} {number}</summary>\n"
            yield Token("html_block", "", 0, content=html)
            at, is_open = at + 3, True
        else:
            yield tokens[at]
            at += 1
    if is_open:
        yield Token("html_block", "", 0, content="</details>\n")
