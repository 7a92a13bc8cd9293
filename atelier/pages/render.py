"""A lesson as HTML, with its headings and what the search finds in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path

from markdown_it.token import Token

from atelier.lesson.blocks import Code, Diagram, Document
from atelier.lesson.diagrams import DESCRIPTION, THEMES, TITLE, drawings, drawings_folder, said_in
from atelier.lesson.parse import LessonError, alert_kind, is_label, markdown, read_tokens
from atelier.lesson.readability import anchors_of
from atelier.pages.code import code_figure
from atelier.pages.words import ALERTS, words_in

_ONE_LINE = 24  # characters: what fits beside a word on a phone
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
# What a lesson may link to -> where that is in the pages, seen from the lesson's own page.
_SHOWN_AT = (
    (r"", ""),
    (r"((?:\.\./(?:en|fr)/)?[\w-]+)\.md", r"\1.html"),
    (r"\.\./\.\./exercises/([\w-]+)/hints\.(?:en|fr)\.md", r"\1-hints.html"),
)
_SVG_SIZE = re.compile(r'<svg[^>]*? width="(\d+)"[^>]*? height="(\d+)"')


@dataclass(frozen=True)
class Lesson:
    """A lesson that was read, not shown yet."""

    path: Path
    language: str
    tokens: list[Token]
    document: Document
    anchors: list[str]


@dataclass
class Section:
    """A heading, and the words below it."""

    level: int
    anchor: str
    title: str
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words in one line."""
        return _SPACES.sub(" ", " ".join(self.words)).strip()


@dataclass(frozen=True)
class Shown:
    """A lesson as HTML; its first section has its title."""

    html: str
    sections: list[Section]

    @property
    def summary(self) -> str:
        """The line below the title: how long, which idea, which terminals."""
        return next(iter(self.sections[0].words), "")


def load(path: Path, language: str) -> Lesson:
    """Read the lesson in the file `path`. Raises LessonError, OSError."""
    tokens = markdown().parse(path.read_text("utf-8"))
    document = read_tokens(tokens, path)
    return Lesson(path, language, tokens, document, anchors_of(document))


def show(lesson: Lesson) -> Shown:
    """Return the lesson as HTML. Raises LessonError where it links to what no page shows."""
    writer = _Writer(lesson)
    parser = markdown()
    html = parser.renderer.render(list(writer.tokens()), parser.options, {})
    return Shown(html, writer.sections)


class _Writer:
    """Goes through the tokens of a lesson once, and yields those that are shown.

    The tokens of the lesson stay as they are: what changes is copied.
    """

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._words = words_in(lesson.language)
        self._codes = {
            block.line: block for block in lesson.document.blocks if isinstance(block, Code)
        }
        self._anchors = iter(lesson.anchors)
        self._labels: list[int] = []  # where a paragraph that may name the next block begins
        self._alert_levels: list[int] = []
        self.sections: list[Section] = []

    def tokens(self) -> Iterator[Token]:
        """Yield the tokens to show."""
        given, at = self._lesson.tokens, 0
        while at < len(given):
            token = given[at]
            paragraph = given[at + 1] if token.type == "paragraph_open" else None
            if token.type == "html_block":
                yield from self._html(token)
            elif token.type == "fence":
                yield self._code(token)
            elif paragraph and token.level == 0 and is_label(paragraph.content):
                self._labels.append(at)
                at += 2
            elif paragraph and self._is_way_to_the_other_language(paragraph):
                at += 2
            else:
                yield from self._unused_labels()
                yield from self._shown(given, at)
            at += 1
        yield from self._unused_labels()

    def _unused_labels(self) -> Iterator[Token]:
        """A name that stands above no block is a paragraph like others."""
        labels, self._labels = self._labels, []
        for at in labels:
            for offset in range(3):
                yield from self._shown(self._lesson.tokens, at + offset)

    def _html(self, token: Token) -> Iterator[Token]:
        html = _COMMENT.sub("", token.content)
        if html.strip():
            yield from self._unused_labels()
            self._add_words(unescape(_TAG.sub(" ", html)))
            yield token.copy(content=html)

    def _code(self, token: Token) -> Token:
        block = self._codes[(token.map or [0])[0] + 1]
        label = self._lesson.tokens[self._labels[-1] + 1].content if self._labels else ""
        self._labels = []
        if isinstance(block, Diagram):
            self._add_words(said_in(block.text, TITLE), said_in(block.text, DESCRIPTION))
            return _raw(self._diagram(block))
        self._add_words(block.text)
        return _raw(code_figure(block, label.replace("**", ""), self._words))

    def _diagram(self, block: Diagram) -> str:
        """Both drawings, one of which the style sheet shows, and what they say in words."""
        title, description = (said_in(block.text, name) for name in (TITLE, DESCRIPTION))
        files = drawings(drawings_folder(self._lesson.path), block.text)
        size = _SVG_SIZE.search(files[THEMES[0]].read_text("utf-8"))
        measures = f' width="{size[1]}" height="{size[2]}"' if size else ""
        pictures = "".join(
            f'<img class="{theme}" src="../diagrams/{files[theme].name}" '
            f'alt="{escape(description)}"{measures} loading="lazy">'
            for theme in THEMES
        )
        return (
            f'<figure class="diagram">{pictures}<figcaption>{escape(title)}</figcaption></figure>\n'
        )

    def _shown(self, given: list[Token], at: int) -> Iterator[Token]:
        token = given[at]
        match token.type:
            case "heading_open":
                title = _plain(given[at + 1])
                section = Section(int(token.tag[1]), next(self._anchors), title)
                self.sections.append(section)
                yield token.copy(attrs={**token.attrs, "id": section.anchor})
            case "inline":
                shown = self._inline(token, begins_alert=given[at - 2].type == "blockquote_open")
                if given[at - 1].type != "heading_open":
                    self._add_words(_plain(shown))
                yield shown
            case "blockquote_open" if kind := alert_kind(given[at + 2].content):
                self._alert_levels.append(token.level)
                title = ALERTS[kind].in_language(self._lesson.language)
                yield _raw(
                    f'<div class="alert {kind.lower()}" role="note">'
                    f'<p class="alert-title">{title}</p>\n'
                )
            case "blockquote_close" if token.level in self._alert_levels:
                self._alert_levels.remove(token.level)
                yield _raw("</div>\n")
            case "table_open":
                yield _raw('<div class="table">')
                yield token
            case "table_close":
                yield token
                yield _raw("</div>\n")
            case "th_open":
                yield token.copy(attrs={**token.attrs, "scope": "col"})
            case _:
                yield token

    def _inline(self, token: Token, *, begins_alert: bool) -> Token:
        children = list(token.children or ())
        if begins_alert and alert_kind(token.content):
            children = children[2:]  # "[!NOTE]" and the end of its line
        return token.copy(children=[self._inner(child) for child in children])

    def _inner(self, child: Token) -> Token:
        """A link of the lessons leads to a page; a short word of code stays on one line."""
        if child.type == "code_inline" and len(child.content) <= _ONE_LINE:
            return child.copy(attrs={**child.attrs, "class": "short"})
        if child.type != "link_open":
            return child
        target = str(child.attrs["href"])
        if "://" in target:
            return child.copy(attrs={**child.attrs, "rel": "noopener"})
        page = page_of(target)
        if page is None:
            links = self._lesson.document.links
            line = next((link.line for link in links if link.target == target), 1)
            raise LessonError(self._lesson.path, line, f"no page shows {target}")
        return child.copy(attrs={**child.attrs, "href": page})

    def _is_way_to_the_other_language(self, paragraph: Token) -> bool:
        """Whether a paragraph above the first part only links to the twin, as a page's top does."""
        children = paragraph.children or []
        return (
            len(self.sections) == 1
            and [child.type for child in children] == ["link_open", "text", "link_close"]
            and str(children[0].attrs["href"]).endswith(f"/{self._lesson.path.name}")
        )

    def _add_words(self, *words: str) -> None:
        if self.sections:
            self.sections[-1].words.extend(words)


def page_of(target: str) -> str | None:
    """Return where the pages show what a lesson links to, None for what they do not show."""
    name, hash_sign, anchor = target.partition("#")
    for pattern, page in _SHOWN_AT:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, page, name) + hash_sign + anchor
    return None


def _raw(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _plain(inline: Token) -> str:
    """The words of a paragraph without their marks."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in inline.children or ()
        if child.type in ("text", "code_inline", "softbreak", "hardbreak", "text_special")
    )
