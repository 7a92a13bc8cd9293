"""A lesson reads well on GitHub and in the pages: links lead somewhere, what is drawn is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from atelier.lesson.blocks import Alert, Document
from atelier.lesson.diagrams import diagram_defects
from atelier.lesson.parse import read_lesson


def readability_defects(document: Document) -> Iterator[str]:
    """Yield alerts and diagrams that are not drawn, and links and pictures that lead nowhere."""
    for block in document.blocks:
        if isinstance(block, Alert) and block.depth:
            yield (
                f"{document.path}:{block.line}: an alert inside another block is not drawn by "
                "GitHub; move it to the top level"
            )
    yield from diagram_defects(document)
    for link in document.links:
        if link.is_picture and not link.text.strip():
            yield f"{document.path}:{link.line}: say in words what the picture {link.target} shows"
        if "://" in link.target or link.target.startswith("mailto:"):
            continue
        name, _hash, anchor = link.target.partition("#")
        page = (document.path.parent / name).resolve() if name else document.path
        if not page.exists():
            yield f"{document.path}:{link.line}: there is no {link.target}"
        elif anchor and page.suffix == ".md" and anchor not in anchors(page):
            yield f"{document.path}:{link.line}: {page.name} has no heading #{anchor}"


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings."""
    return frozenset(anchors_of(read_lesson(page)))


def anchors_of(document: Document) -> list[str]:
    """Return the anchors of a lesson's headings, in order, as GitHub makes them."""
    found: list[str] = []
    for heading in document.headings():
        anchor = base = anchor_of(heading.text)
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.append(anchor)
    return found


def anchor_of(heading: str) -> str:
    """Return a heading's anchor: lower case, no punctuation, spaces to hyphens, accents kept."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
