"""A few values that must outlive a process: a JSON file, whole or not there at all."""

from __future__ import annotations

import json
import os
from pathlib import Path


def read_kept(path: Path) -> dict[str, str]:
    """Return what stands in the file; nothing when there is none that can be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def keep(path: Path, content: dict[str, str]) -> None:
    """Write the file, for its owner's eyes only; a kill leaves the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
