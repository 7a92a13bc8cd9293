"""The two languages of a lesson have the same skeleton."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from atelier.lesson.blocks import (
    Alert,
    Block,
    Code,
    Commands,
    Diagram,
    Directive,
    Document,
    FileBlock,
    Heading,
    Output,
    Prose,
    Sample,
    Session,
    Table,
)
from atelier.lesson.code import essential_lines

Item = tuple[str, object]


def parity_defects(english: Document, french: Document) -> Iterator[str]:
    """Yield the first place where the two differ, then links that one of them lacks."""
    pairs = zip_longest(_skeleton(english), _skeleton(french))
    for here, there in pairs:
        if here is None or there is None or here[1] != there[1]:
            place = f"{french.path}:{there[0]}" if there else f"{french.path}:end"
            other = f"{english.path}:{here[0]}" if here else f"{english.path}:end"
            yield (
                f"{place}: {_told(there)} where {other} has {_told(here)}; "
                "give both pages the same skeleton"
            )
            return
    missing = _inner_links(english) ^ _inner_links(french)
    for target in sorted(missing):
        yield f"{french.path}:1: only one language links to {target}"


def _skeleton(document: Document) -> list[tuple[int, Item]]:
    """The items that both languages must share, with their lines."""
    items: list[tuple[int, Item]] = []
    from_the_tool = False
    for event in document.events:
        if isinstance(event, Commands):
            from_the_tool = event.in_workshop
        if not isinstance(event, Prose):
            items.append((event.line, _item(event, from_the_tool)))
    return items


def _item(event: Block | Directive, from_the_tool: bool) -> Item:
    match event:
        case Directive():
            return "directive", (event.name, event.arguments)
        case Heading():
            return "heading", event.level
        case Table():
            return "table", (len(event.rows), len(event.rows[0]))
        case Alert():
            return "alert", event.kind
        case Code():
            directives = tuple((each.name, each.arguments) for each in event.directives)
            return type(event).__name__, (event.info, directives, _content(event, from_the_tool))
        case _:
            raise TypeError(event)


def _content(code: Code, from_the_tool: bool) -> object:
    match code:
        case Commands():
            return code.terminal, code.in_workshop, code.text
        case Session():
            return code.terminal, essential_lines(code.text)
        case FileBlock():
            return code.file, essential_lines(code.text)
        case Diagram():
            return [_without_label(line) for line in code.text.splitlines() if line.strip()]
        case Output():
            # What our own commands print is in the reader's language.
            return None if from_the_tool else code.text
        case Sample():
            return essential_lines(code.text)
        case _:
            raise TypeError(code)


def _without_label(line: str) -> str:
    """A line of a diagram without the words that its reader reads."""
    line = re.sub(r"\bas .*$", "as …", line.strip())
    line = re.sub(r":.*$", ":", line)
    line = re.sub(r"^(loop|alt|else|opt|par|and|critical|option|break|box|title)\b.*$", r"\1", line)
    return re.sub(r"\"[^\"]*\"|\[[^\]]*\]|\([^)]*\)|\|[^|]*\|", "…", line)


def _inner_links(document: Document) -> set[str]:
    """The pages of the repository that it links to, whatever their language."""
    targets = (link.target.split("#")[0] for link in document.links)
    inner = (target for target in targets if target and "://" not in target)
    return {re.sub(r"\b(fr|en)\b", "…", target) for target in inner} - {
        f"../…/{document.path.name}"
    }


def _told(item: tuple[int, Item] | None) -> str:
    if item is None:
        return "nothing"
    name, content = item[1]
    return f"{name} {str(content)[:160]}"
