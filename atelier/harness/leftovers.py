"""What a check left behind that was killed before it could clean up (kill -9, a power cut)."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.family import TOKEN, kill_until_gone

if TYPE_CHECKING:
    import psutil

PREFIX = "atelier-"
_NAME = re.compile(rf"{PREFIX}(\d+)-\w+")


def world_prefix(pid: int) -> str:
    """Return how the folders of the worlds of process `pid` begin."""
    return f"{PREFIX}{pid}-"


def sweep() -> None:
    """End the processes and remove the folders of checks whose own process is gone."""
    for folder in Path(tempfile.gettempdir()).resolve().glob(f"{PREFIX}*"):
        match = _NAME.fullmatch(folder.name)
        if match is None or _alive(int(match[1])):
            continue
        kill_until_gone(partial(_left_by, match[1], folder))
        shutil.rmtree(folder, ignore_errors=True)


def remove_own() -> None:
    """Remove what a process that outlived its world wrote into the world's folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{world_prefix(os.getpid())}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid)


def _left_by(owner: str, folder: Path) -> Iterator[psutil.Process]:
    """Yield the processes with a token of `owner`, and those that work in `folder`.

    A Redis server writes its title over its environment: the folder is what tells.
    """
    import psutil

    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and (
                process.environ().get(TOKEN, "").startswith(f"{owner}-")
                or folder in Path(process.cwd()).parents
            ):
                yield process
        except (psutil.Error, OSError):
            continue
