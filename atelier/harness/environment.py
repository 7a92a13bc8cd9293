"""The environment of a learner's program, built from nothing: never our own variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Where the tools of a system stand; a learner's own PATH could hide what they did not install.
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_LANG = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file as pipenv gives them; empty when there is none."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8")
    except UnicodeDecodeError:
        values = dotenv_values(path, interpolate=False, encoding="latin-1")
    return {name: value for name, value in values.items() if value is not None}


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
