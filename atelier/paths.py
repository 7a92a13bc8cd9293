"""Where the tool keeps what is its own: never in the workshop, never in a project."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_directory() -> Path:
    """Return the user's data folder for this tool (it may not exist yet).

    XDG_DATA_HOME where it is set (XDG Base Directory Specification), else
    `~/Library/Application Support` on macOS and `~/.local/share` elsewhere.
    """
    chosen = os.environ.get("XDG_DATA_HOME")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen) / "atelier"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "atelier"
    return Path.home() / ".local" / "share" / "atelier"
