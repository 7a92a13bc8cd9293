"""The words of the live part of a page."""

from __future__ import annotations

from atelier.i18n import _

WORDS = {
    "again": _("Check again"),
    "close": _("Close"),
    "compare": _("Compare with the solution"),
    "criteria": _("Criteria"),
    "hint": _("A hint"),
    "hints": _("Hints"),
    "next": _("Go on to the next step"),
    "queue": _("The queue, live"),
    "output": _("Output of the last check"),
    "show": _("Show it all the same"),
    "stopped": _(
        "The server does not answer. This goes on by itself once it runs again: {command}",
        command="pipenv run atelier serve",
    ),
    "undo": _("Undo what a command changed"),
}


def live_words(language: str) -> dict[str, str]:
    """Return the words of the live part in `language`."""
    return {name: text.in_language(language) for name, text in WORDS.items()}
