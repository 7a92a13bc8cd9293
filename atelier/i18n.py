"""Sentences in the reader's language.

Source strings are English. A `Text` keeps its source and its values, so that one run of
a check can be told in every language.
"""

from __future__ import annotations

import gettext
import locale
import os
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr")
_LOCALE_DIRECTORY = Path(__file__).parent / "locale"

_chosen = "en"
# What one thread says in between: a server answers several readers at once.
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


class Text(str):
    """A sentence that can be said in each language; as a plain string it is the chosen one."""

    source: str
    values: Mapping[str, Any]

    def __new__(cls, source: str, values: Mapping[str, Any]) -> Text:
        """Keep `source` and `values`; the string itself is said in the chosen language."""
        text = super().__new__(cls, _render(source, values, chosen_language()))
        text.source = source
        text.values = values
        return text

    def in_language(self, language: str) -> str:
        """Return the sentence in `language`, one of LANGUAGES."""
        return _render(self.source, self.values, language)


def _(source: str, **values: Any) -> Text:
    """Mark `source` for translation; `{name}` places in it are filled from `values`."""
    return Text(source, values)


def say(text: str | None, language: str | None = None) -> str | None:
    """Return `text` in `language` (default: the chosen one); plain strings stay as they are."""
    if isinstance(text, Text):
        return text.in_language(language or chosen_language())
    return text


def choose_language(language: str | None) -> str:
    """Make `language` (or, when None, the locale's) the chosen one and return it."""
    global _chosen  # noqa: PLW0603 - one process speaks one language at a time
    _chosen = language if language in LANGUAGES else language_of_locale()
    return _chosen


def say_as_gettext(language: str) -> None:
    """Let libraries that ask gettext (click) find what they say in our catalogue too."""
    os.environ["LANGUAGE"] = language  # gettext(3): the first place it looks at
    gettext.bindtextdomain("atelier", _LOCALE_DIRECTORY)
    gettext.textdomain("atelier")


def chosen_language() -> str:
    """Return the language that sentences are said in."""
    return _spoken.get() or _chosen


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say sentences in `language`, one of LANGUAGES, in this thread and until the end."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def language_of_locale() -> str:
    """Return the first of LANGUAGES that the environment's locale asks for, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return _supported(value)
    # macOS sets no LANG in some terminals; its own setting stands behind getlocale().
    return _supported(locale.getlocale()[0] or "")


def _supported(name: str) -> str:
    return next((code for code in LANGUAGES if name.lower().startswith(code)), "en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("atelier", _LOCALE_DIRECTORY, [language], fallback=True)


class _Formatter(string.Formatter):
    """Fill places in a sentence; decimals are written as the language writes them."""

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Text):
            value = value.in_language(self.language)
        written = str(super().format_field(value, format_spec))
        if isinstance(value, float) and self.language == "fr":
            return written.replace(".", ",")
        return written


def _render(source: str, values: Mapping[str, Any], language: str) -> str:
    sentence = _catalogue(language).gettext(source) if source else ""
    return _Formatter(language).vformat(sentence, (), values) if values else sentence
