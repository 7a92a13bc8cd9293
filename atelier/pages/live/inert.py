"""What a learner's program said, made text: no command for a terminal, nothing that hides."""

from __future__ import annotations

import re
import unicodedata

# Sequences that a terminal obeys: CSI, OSC and the like, then those of two characters.
# Source: ECMA-48, 5.3 to 5.6 (https://ecma-international.org/publications-and-standards/standards/ecma-48/)
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_STAYS = "\n\t"
# Controls, marks that turn the direction of text, halves of a character.
_HIDDEN = {"Cc", "Cf", "Cs"}


def inert(text: str) -> str:
    """Return `text` without what a terminal would obey; what cannot be seen is spelled out."""
    plain = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
    return "".join(
        _spelled(each) if unicodedata.category(each) in _HIDDEN and each not in _STAYS else each
        for each in plain
    )


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
