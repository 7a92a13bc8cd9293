"""The blocks that a lesson is made of. Each knows its line in the file, counted from 1."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Directive:
    """`<!-- follow: NAME ARGUMENTS -->`: what only the program that follows lessons must know."""

    line: int
    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """What all blocks have; `section` is the number of the `##` heading above, 0 before it."""

    line: int
    section: int


@dataclass(frozen=True)
class Heading(Block):
    """A heading."""

    level: int
    text: str


@dataclass(frozen=True)
class Prose(Block):
    """A paragraph, a list item or a quotation, as it is written."""

    text: str


@dataclass(frozen=True)
class Table(Block):
    """A table, cell by cell; the first row is its heading."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Alert(Block):
    """A GitHub alert: NOTE, TIP, IMPORTANT, WARNING or CAUTION; `depth` 0 is the top level."""

    kind: str
    depth: int


@dataclass(frozen=True)
class Code(Block):
    """A fenced block; `info` is what follows its opening fence."""

    info: str
    text: str
    directives: tuple[Directive, ...]

    def directive(self, name: str) -> Directive | None:
        """Return the directive called `name` above this block, or None."""
        return next((each for each in self.directives if each.name == name), None)


@dataclass(frozen=True)
class FileBlock(Code):
    """A piece of a file of the learner's."""

    file: str


@dataclass(frozen=True)
class Commands(Code):
    """Commands to type in a terminal."""

    terminal: str
    in_workshop: bool

    @property
    def lines(self) -> list[str]:
        """The commands, one a line."""
        return [line for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Session(Code):
    """Lines typed in a Python shell that is open in a terminal, and what it answers."""

    terminal: str


@dataclass(frozen=True)
class Output(Code):
    """What is seen in a terminal."""


@dataclass(frozen=True)
class Diagram(Code):
    """A mermaid diagram."""


@dataclass(frozen=True)
class Sample(Code):
    """Code that is shown and belongs to no file of the learner's."""


@dataclass(frozen=True)
class Link(Block):
    """A link or a picture; `text` is what is read in its place."""

    target: str
    text: str
    is_picture: bool


@dataclass(frozen=True)
class Document:
    """A lesson: its blocks in order, the directives that stand alone, and its links."""

    path: Path
    blocks: tuple[Block, ...]
    events: tuple[Block | Directive, ...]
    links: tuple[Link, ...] = field(default=())

    def headings(self) -> list[Heading]:
        """Return its headings."""
        return [block for block in self.blocks if isinstance(block, Heading)]

    def section(self, block: Block) -> str:
        """Return the text of the `##` heading that `block` stands under, empty before any."""
        sections = [heading for heading in self.headings() if heading.level == 2]
        return sections[block.section - 1].text if block.section else ""
