"""What the terminal can show."""

from __future__ import annotations

import sys
import unicodedata

from atelier.verdicts import Verdict

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.FAIL: "yellow",
    Verdict.ERROR: "red",
    Verdict.TIMEOUT: "magenta",
    Verdict.INFRA: "blue",
    Verdict.SKIPPED: "cyan",
}
_DRAWN = dict(zip(Verdict, "✓○✗◷!–", strict=True))
_PLAIN = dict(zip(Verdict, "+ox~!-", strict=True))
_PLAINER = str.maketrans({"’": "'", "«": '"', "»": '"', "·": "-", "–": "-", "…": "...", "œ": "oe"})


def symbols() -> dict[Verdict, tuple[str, str]]:
    """Return the mark and the colour of each verdict, in characters that stdout can write."""
    drawn = _DRAWN if can_write("✓○✗◷–") else _PLAIN
    return {verdict: (drawn[verdict], _COLOURS[verdict]) for verdict in Verdict}


def can_write(text: str) -> bool:
    """Whether stdout's encoding has the characters of `text`."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def writable(text: str) -> str:
    """Return `text` in characters that stdout can write: accents go before letters do."""
    if can_write(text):
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_PLAINER))
    return plain.encode("ascii", "ignore").decode()


def never_fail_on_characters() -> None:
    """Let stdout and stderr replace what their encoding lacks, rather than stop."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
