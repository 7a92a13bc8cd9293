"""The words around the lessons in the pages, said in the language of each page."""

from __future__ import annotations

from atelier.i18n import _

WORDS = {
    "about": _(
        "From an empty folder to a product API with a background worker: short lessons, "
        "and a tool that runs what you write and says what is there."
    ),
    "back": _("Back to the lesson"),
    "begin": _("Begin with the first lesson"),
    "contents": _("On this page"),
    "copied": _("Copied"),
    "copy": _("Copy"),
    "copy_by_hand": _("Press Ctrl-C"),
    "course": _("Background jobs for the web"),
    "elsewhere": _("There is no page at this address."),
    "found": _("Results: {count}"),
    "here": _("you are here"),
    "hint": _("Hint"),
    "hints": _("Hints"),
    "hints_how": _("Open one, try again, then open the next one."),
    "home": _("All lessons"),
    "keyboard": _("Keys: / to search, ← and → for the previous and the next lesson."),
    "kind_practice": _("practice"),
    "lessons": _("The lessons"),
    "met": _("all criteria met"),
    "minutes": _("minutes"),
    "next": _("Next"),
    "no_index": _("The search cannot read its index here."),
    "nothing": _("Nothing has these words. Fewer of them?"),
    "output": _("What you see"),
    "previous": _("Previous"),
    "search": _("Search the lessons"),
    "skip": _("Go to the lesson"),
    "steps": _("Steps"),
    "theme": _("Dark or light"),
    "unchanged": _("lines that do not change"),
}

# GitHub's alerts, as GitHub itself names them.
# Source: https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
ALERTS = {
    "NOTE": _("Note"),
    "TIP": _("Tip"),
    "IMPORTANT": _("Important"),
    "WARNING": _("Warning"),
    "CAUTION": _("Caution"),
}

LANGUAGE_NAMES = {"en": "English", "fr": "Français"}


def words_in(language: str) -> dict[str, str]:
    """Return the words of the pages in `language`."""
    return {name: text.in_language(language) for name, text in WORDS.items()}
