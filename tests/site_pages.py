"""A site read back from its files: its elements, and the links that lead nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import unquote

LIGHT = 100_000  # bytes of a page with the style and the scripts, without the diagrams
# What a browser fetches to show a page.
LOADED = {("script", "src"), ("img", "src"), ("link", "href")}


@dataclass(frozen=True)
class Element:
    """A start tag, with its attributes and the text up to the next tag."""

    tag: str
    attributes: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Whether it is of the class `name`."""
        return name in self.attributes.get("class", "").split()


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    @cached_property
    def ids(self) -> list[str]:
        """The ids, in order."""
        return [each.attributes["id"] for each in self.elements if "id" in each.attributes]

    def links(self) -> Iterator[tuple[str, str, str]]:
        """Yield the tag, the attribute and the address of whatever leads to another place."""
        for element in self.elements:
            for name in ("href", "src", "srcset", "action", "data-index"):
                if name in element.attributes:
                    yield element.tag, name, element.attributes[name]


def link_defects(files: Mapping[str, bytes], of: Collection[str] = ()) -> Iterator[str]:
    """Yield the links that lead nowhere, on all pages of a site or on those of the names `of`.

    `files` are the files of the site by address.
    """

    @cache
    def page_at(address: str) -> Page:
        return Page(files[address].decode())

    for address in of or [name for name in files if name.endswith(".html")]:
        for tag, name, target in page_at(address).links():
            if target.startswith(("https://", "http://")) and (tag, name) not in LOADED:
                continue
            path, _hash, anchor = target.partition("#")
            there = normpath(join(dirname(address), path)) if path else address
            if ":" in path or path.startswith("/") or there not in files:
                yield f"{address}: <{tag} {name}> leads to {target}, which is no file of the site"
            elif anchor and unquote(anchor) not in page_at(there).ids:
                yield f"{address}: {there} has no place #{anchor}"
