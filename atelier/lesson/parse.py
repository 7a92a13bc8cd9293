"""Reads a lesson (GitHub-flavoured Markdown) into blocks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

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
    Link,
    Output,
    Prose,
    Sample,
    Session,
    Table,
)

# The label of a terminal -> the terminal, whatever the language.
_TERMINALS = {
    "Terminal Redis": "redis",
    "Terminal RabbitMQ": "rabbitmq",
    "Terminal worker": "worker",
    "Terminal web": "web",
    "Terminal heroku": "heroku",
    "Free terminal": "free",
    "Terminal libre": "free",
    "Terminal atelier": "atelier",
}
_LABEL = re.compile(r"^\*\*(?P<name>[^*]+)\*\*(?: \((?P<where>[^)]+)\))?$")
_FILE = re.compile(r"^`(?P<name>[\w./-]+)`$")
_DIRECTIVE = re.compile(r"<!-- follow: (?P<content>.*?) -->")
_ALERT = re.compile(r"^\[!(?P<kind>[A-Z]+)\]")
_FILES = {"python", "toml", "ini", "yaml", "json", "html", "sql"}


class LessonError(ValueError):
    """A lesson is not written as it must be: `path:line: what is wrong, what to do`."""

    def __init__(self, path: Path, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}")


def read_lesson(path: Path) -> Document:
    """Read the lesson in the file `path`. Raises LessonError, OSError."""
    return parse_lesson(path.read_text("utf-8"), path)


@lru_cache(maxsize=256)  # several rules read each page of a course
def parse_lesson(text: str, path: Path) -> Document:
    """Read a lesson from `text`; `path` is for the messages. Raises LessonError."""
    return read_tokens(markdown().parse(text), path)


def read_tokens(tokens: list[Token], path: Path) -> Document:
    """Read a lesson from what `markdown()` has made of it. Raises LessonError."""
    return _Reader(path).read(tokens)


@cache
def markdown() -> MarkdownIt:
    """Return the parser that lessons are read and shown with."""
    return MarkdownIt("commonmark").enable("table")


def is_label(paragraph: str) -> bool:
    """Whether a paragraph of the top level names the terminal or the file of the block below."""
    label = _LABEL.match(paragraph)
    return bool(label and label["name"] in _TERMINALS) or _FILE.match(paragraph) is not None


def alert_kind(paragraph: str) -> str:
    """Return NOTE, TIP … when a quotation that begins like this is an alert, else nothing."""
    alert = _ALERT.match(paragraph)
    return alert["kind"] if alert else ""


class _Reader:
    """Goes through the tokens once, keeping what stands just above the next block."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._section = 0
        self._label: tuple[int, str, bool] | None = None
        self._file: tuple[int, str] | None = None
        self._above: list[Directive] = []
        self._events: list[Block | Directive] = []
        self._links: list[Link] = []

    def read(self, tokens: list[Token]) -> Document:
        at = 0
        while at < len(tokens):
            at = self._take(tokens, at)
        self._release()
        if self._label is not None:
            raise self._error(self._label[0], "this terminal has no block below it")
        blocks = tuple(event for event in self._events if isinstance(event, Block))
        return Document(self._path, blocks, tuple(self._events), tuple(self._links))

    def _take(self, tokens: list[Token], at: int) -> int:
        """Take the block that begins at `at` and return where the next one begins."""
        token = tokens[at]
        line = (token.map or [0])[0] + 1
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
                if level == 2:
                    self._section += 1
                content = tokens[at + 1]
                self._add(Heading(line, self._section, level, content.content))
                self._read_links(content, line)
                return at + 3
            case "fence":
                self._add_code(token, line)
            case "html_block":
                self._read_directives(token.content, line)
            case "table_open":
                return self._take_table(tokens, at, line)
            case "inline":
                self._take_inline(tokens, at, line)
        return at + 1

    def _take_inline(self, tokens: list[Token], at: int, line: int) -> None:
        token = tokens[at]
        self._read_links(token, line)
        alone = tokens[at - 1].level == 0
        label = _LABEL.match(token.content) if alone else None
        if label and label["name"] in _TERMINALS:
            if self._label is not None:
                raise self._error(self._label[0], "this terminal has no block below it")
            self._label = (line, _TERMINALS[label["name"]], label["where"] is not None)
            return
        file = _FILE.match(token.content) if alone else None
        if file:
            self._file = (line, file["name"])
            return
        alert = alert_kind(token.content)
        if alert:
            depth = tokens[at - 1].level - 1
            self._add(Alert(line, self._section, alert, depth))
        self._add(Prose(line, self._section, token.content))

    def _add(self, block: Block) -> None:
        if self._label is not None:
            raise self._error(self._label[0], "this terminal has no block just below it")
        self._file = None
        self._release()
        self._events.append(block)

    def _release(self) -> None:
        """Directives with no block below them happen where they stand."""
        self._events.extend(self._above)
        self._above = []

    def _read_directives(self, html: str, line: int) -> None:
        for offset, text in enumerate(html.splitlines()):
            match = _DIRECTIVE.fullmatch(text.strip())
            if match is None:
                if "follow:" in text:
                    raise self._error(line + offset, "a directive stands alone: <!-- follow: … -->")
                continue
            try:
                name, *arguments = shlex.split(match["content"])
            except ValueError as error:
                raise self._error(line + offset, f"{error}: {text.strip()}") from error
            self._above.append(Directive(line + offset, name, tuple(arguments)))

    def _add_code(self, token: Token, line: int) -> None:
        info = token.info.strip()
        label, file, above = self._label, self._file, self._above
        self._label, self._file, self._above = None, None, []
        base = (line, self._section, info, token.content)
        directives = tuple(above)
        code: Code
        if info in ("bash", "pycon"):
            if label is None:
                raise self._error(line, "say above this block in which terminal it is typed")
            if info == "bash":
                code = Commands(*base, directives, label[1], label[2] or label[1] == "atelier")
            else:
                code = Session(*base, directives, label[1])
        elif label is not None:
            raise self._error(label[0], "this terminal has no ```bash or ```pycon block below it")
        elif file is not None:
            code = FileBlock(*base, directives, file[1])
        elif info == "mermaid":
            code = Diagram(*base, directives)
        elif info == "text":
            code = Output(*base, directives)
        elif info in _FILES or info == "":
            code = Sample(*base, directives)
        else:
            raise self._error(line, f"no block is of the kind {info}: see CONTRIBUTING.md")
        self._events.append(code)

    def _take_table(self, tokens: list[Token], at: int, line: int) -> int:
        end = next(index for index in range(at, len(tokens)) if tokens[index].type == "table_close")
        rows: list[list[str]] = []
        for token in tokens[at:end]:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token.content)
                self._read_links(token, line)
        self._add(Table(line, self._section, tuple(tuple(row) for row in rows)))
        return end + 1

    def _read_links(self, token: Token, line: int) -> None:
        children = list(_flat(token))
        for at, child in enumerate(children):
            if child.type == "image":
                source = str(child.attrs["src"])
                self._links.append(Link(line, self._section, source, child.content, True))
            elif child.type == "link_open":
                words = "".join(each.content for each in _until_closed(children[at + 1 :]))
                target = str(child.attrs["href"])
                self._links.append(Link(line, self._section, target, words, False))

    def _error(self, line: int, text: str) -> LessonError:
        return LessonError(self._path, line, text)


def _flat(token: Token) -> Iterator[Token]:
    yield from token.children or ()


def _until_closed(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "link_close":
            return
        yield token
