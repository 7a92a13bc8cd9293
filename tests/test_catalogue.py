"""Every sentence has its French, and the French is written as French is."""

from __future__ import annotations

import re
import string

import pytest

from atelier.catalogue import defects, read_catalogue
from atelier.course import Course
from atelier.i18n import _, choose_language, say

BANNED = {
    "en": re.compile(r"\b(just|simply|easy|easily|obviously|fail(s|ed|ing)?)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(simplement|facile|il suffit|évidemment|échou\w+)\b", re.IGNORECASE),
}


def test_nothing_is_untranslated_fuzzy_or_stale(course: Course) -> None:
    assert list(defects(course.root)) == []


def places(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(sentence) if name}


def test_translations_keep_the_places_to_fill(course: Course) -> None:
    for message in read_catalogue(course.root):
        assert places(str(message.id)) == places(str(message.string)), message.id


@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_that_discourage_are_absent(course: Course, language: str) -> None:
    for message in read_catalogue(course.root):
        text = str(message.id if language == "en" else message.string)
        assert not BANNED[language].search(text), text


def test_french_typography(course: Course) -> None:
    for message in read_catalogue(course.root):
        text = re.sub(r"\w+://\S+|\{[^}]*\}", "", str(message.string))
        text = re.sub(r"[\w./-]+:\d*\S|--\S+", "", text)
        assert not re.search(r"[^\s ][?!;](\s|$)", text.replace(" ", "  ")) or " " in text, text
        assert not re.search(r" [:;!?»]|« ", text), f"a plain space where U+00A0 belongs: {text}"
        assert "'" not in re.sub(r"'[^']*'", "", text), f"a straight apostrophe: {text}"


def test_one_text_is_said_in_both_languages() -> None:
    text = _("Seen:")
    assert (say(text, "en"), say(text, "fr")) == ("Seen:", "Observé\N{NO-BREAK SPACE}:")


def test_french_writes_decimals_with_a_comma() -> None:
    text = _("{seconds:.2f} s", seconds=3.024)
    assert (text.in_language("en"), text.in_language("fr")) == ("3.02 s", "3,02\N{NO-BREAK SPACE}s")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "fr_FR.UTF-8"}, "en"),
        ({"LC_MESSAGES": "fr", "LANG": "C"}, "fr"),
    ],
)
def test_language_follows_the_locale(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        assert choose_language(None) == language
    finally:
        choose_language("en")
