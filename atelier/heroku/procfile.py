"""A Procfile: which command each type of process runs."""

from __future__ import annotations

import re

_LINE = re.compile(r"^(?P<type>[A-Za-z0-9_-]{1,128})\s*:\s*(?P<command>\S.*)$")
_LARGEST = 64 * 1024  # bytes


class BadProcfile(Exception):
    """A Procfile that cannot be used; the text says which line, and why."""


def parse(content: bytes) -> dict[str, str]:
    """Return the commands by type, in the order of the file. Raises BadProcfile."""
    if len(content) > _LARGEST:
        raise BadProcfile("Procfile: larger than 64 kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadProcfile("Procfile: this is not UTF-8 text.") from error
    if "\0" in text:
        raise BadProcfile("Procfile: this is not text (it holds a NUL character).")
    types: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.match(stripped)
        if match is None:
            raise BadProcfile(
                f"Procfile, line {number}: expected `type: command`, found {stripped[:80]!r}."
            )
        if match["type"] in types:
            raise BadProcfile(f"Procfile, line {number}: {match['type']} is there twice.")
        types[match["type"]] = match["command"]
    if not types:
        raise BadProcfile("Procfile: it declares no process type. Example: web: gunicorn wsgi:app")
    return types
