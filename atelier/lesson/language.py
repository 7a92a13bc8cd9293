"""A lesson is written as its language is: typography, words, parts in their order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atelier.lesson.blocks import Document, Heading, Prose, Table

PARTS = {
    "en": (
        *("What you will be able to do", "Why it matters", "Before you start", "Step by step"),
        *("Experiment", "Check your work", "Three questions", "When it does not work"),
        *("Remember", "Going further"),
    ),
    "fr": (
        *("Ce que vous saurez faire", "Pourquoi", "Avant de commencer", "Pas à pas"),
        *("Expérience", "Vérifiez votre travail", "Trois questions", "Quand ça ne marche pas"),
        *("À retenir", "Pour aller plus loin"),
    ),
}
BANNED = {
    "en": re.compile(r"\b(just|simply|easy|easily|obviously)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(simplement|facile|facilement|il suffit|évidemment)\b", re.IGNORECASE),
}
_LONGEST_SENTENCE = 25  # words
_NOT_PROSE = re.compile(r"``[^`]+``|`[^`]*`|<[^>]+>|\]\([^)]*\)|https?://\S+|\*\*|^\[![A-Z]+\]")
_WORD = re.compile(r"\w[\w’'-]*")
# U+00A0 (or the narrow U+202F) stands where a line may not break.
_FRENCH_SPACE = re.compile(
    r"(?<=[^\s\u00a0\u202f])(?:[;!?»]|:(?=\s|$))|(?<=\S) [:;!?»]|«(?![\u00a0\u202f])"
)
_MEDIAN_POINT = re.compile(r"\w·\w")


def language_defects(document: Document, language: str) -> Iterator[str]:
    """Yield what a copy editor of `language` would mark."""
    parts = [heading.text for heading in document.headings() if heading.level == 2]
    if tuple(parts) != PARTS[language]:
        yield f"{document.path}:1: the parts are {parts}; they must be {list(PARTS[language])}"
    for block in document.blocks:
        for text in _texts(block):
            plain = _NOT_PROSE.sub(lambda match: "x" if "`" in match[0] else "", text)
            where = f"{document.path}:{block.line}"
            banned = BANNED[language].search(plain)
            if banned:
                yield f"{where}: “{banned[0]}” discourages who finds it hard; leave it out"
            if language == "fr":
                yield from _french(where, plain)
        if isinstance(block, Prose):
            yield from _long_sentences(f"{document.path}:{block.line}", block.text)


def _texts(block: object) -> Iterator[str]:
    match block:
        case Prose() | Heading():
            yield block.text
        case Table():
            for row in block.rows:
                yield from row


def _french(where: str, plain: str) -> Iterator[str]:
    for line in plain.splitlines():
        space = _FRENCH_SPACE.search(line)
        if space:
            around = line[max(0, space.start() - 15) : space.end() + 5]
            yield f"{where}: U+00A0 belongs before : ; ! ? » and after «: {around}"
        if _MEDIAN_POINT.search(line):
            yield f"{where}: no point médian; choose a word for everyone"


def _long_sentences(where: str, text: str) -> Iterator[str]:
    plain = _NOT_PROSE.sub(lambda match: "x" if "`" in match[0] else "", text)
    for sentence in re.split(r"(?<=[.?!:;»])\s|\n(?=[-*>|] )", plain.replace("\u00a0", " ")):
        words = _WORD.findall(sentence)
        if len(words) > _LONGEST_SENTENCE:
            yield (
                f"{where}: a sentence of {len(words)} words, more than {_LONGEST_SENTENCE}: "
                f"{sentence[:60]} …"
            )
