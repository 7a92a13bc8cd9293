"""Text from a stranger, made fit for one line of a terminal."""

from __future__ import annotations


def printable(text: str, length: int) -> str:
    """Return `text` cut to `length` characters, what is no visible character spelled out.

    A control character would reach the terminal as a command: it becomes its Python escape.
    """
    shown: list[str] = []
    room = length
    for character in text[: length + 1]:
        visible = character if character.isprintable() else _escape(character)
        room -= len(visible)
        if room < 0:
            return "".join(shown)[: length - 1] + "…"
        shown.append(visible)
    return "".join(shown)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
