"""The environment of a learner's program, built from nothing: never our own variables."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

# Where the tools of a system stand; a learner's own PATH could hide what they did not install.
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_LANG = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


def read_dotenv(path: Path, replaced: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a `.env` file as pipenv gives them; empty when there is none.

    Where a name is in `replaced`, its value there counts, also in another's `${NAME}`.
    """
    if not path.is_file():
        return {}
    from dotenv import dotenv_values
    from dotenv.variables import parse_variables

    raw = dotenv_values(stream=StringIO(decode(path.read_bytes())), interpolate=False)
    values: dict[str, str] = {}
    for name, value in raw.items():
        if value is not None:
            own = "".join(atom.resolve(values) for atom in parse_variables(value))
            values[name] = (replaced or {}).get(name, own)
    return values


def decode(content: bytes) -> str:
    """Return the text of a small file, whichever way an editor saved it."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):  # Windows PowerShell 5's `>`
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace").replace("\0", "")


def build_environment(bin_directory: Path, home: Path, dotenv: Mapping[str, str]) -> dict[str, str]:
    """Return PATH, LANG and HOME, what makes Python tell more, then the `.env`'s variables."""
    base = {
        "PATH": os.pathsep.join((str(bin_directory), _SYSTEM_PATH)),
        "LANG": _LANG,
        "HOME": str(home),
        "TMPDIR": str(home),
        # Printed lines reach us as they are printed; a stuck program can say where it stands.
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # A .env that changes PATH or HOME would run something else than what it is asked.
    return base | {name: value for name, value in dotenv.items() if name not in base}
