"""The Pythons of this machine, and the one that an app asks for."""

from __future__ import annotations

import json
import os
import re
import sys
from functools import cache
from pathlib import Path

from atelier.harness.command_output import output_of

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")


class BadVersion(Exception):
    """A version that cannot be used; the text says why."""


def wanted(folder: Path) -> tuple[str, str]:
    """Return the version that the app in `folder` asks for, and where it says so.

    Raises BadVersion.
    """
    file = folder / ".python-version"
    if file.is_file():
        lines = file.read_text("utf-8-sig", "replace").splitlines()
        said = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if len(said) != 1:
            raise BadVersion(
                ".python-version must hold one line with one version, such as 3.13;"
                f" it holds {len(said)}."
            )
        match = _VERSION.fullmatch(said[0])
        if match is None:
            raise BadVersion(
                f"Invalid Python version in .python-version: {said[0][:40]!r}. Example: 3.13"
            )
        return f"{match[1]}.{match[2]}", ".python-version"
    try:
        meta = json.loads((folder / "Pipfile.lock").read_text("utf-8"))["_meta"]
        match = _VERSION.fullmatch(meta["requires"]["python_version"])
    except (OSError, ValueError, KeyError, TypeError):
        match = None
    return (f"{match[1]}.{match[2]}", "Pipfile.lock") if match else (OWN, "")


def find(version: str) -> Path:
    """Return the Python of this version. Raises BadVersion."""
    if version not in SUPPORTED:
        raise BadVersion(
            f"Python {version} is not supported. Supported are: {', '.join(SUPPORTED)}."
        )
    found = _find(version)
    if found is None:
        there = [known for known in SUPPORTED if _find(known)]
        raise BadVersion(
            f"Python {version} is not on this machine, and the local Heroku downloads none."
            f" There is: {', '.join(there)}."
        )
    return found


@cache
def _find(version: str) -> Path | None:
    name = f"python{version}"
    folders = [Path(sys.base_prefix) / "bin"]
    for entry in os.get_exec_path():
        # The workshop's own environment is not an app's.
        if Path(entry) != Path(sys.prefix) / "bin":
            folders.append(Path(entry))
    return next((found for folder in folders if (found := _asked(folder / name, version))), None)


def _asked(python: Path, version: str) -> Path | None:
    """Return the Python behind `python`, which may be a shim that has none."""
    if not python.is_file():
        return None
    question = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"
    lines = (output_of([python, "-I", "-c", question]) or "").splitlines()
    return Path(lines[1]) if len(lines) == 2 and lines[0] == version else None
