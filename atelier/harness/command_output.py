"""What a short command prints, for those who only want to know."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def output_of(
    command: Sequence[str | Path],
    *,
    seconds: float = 10,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str | None:
    """Return what `command` prints on its standard output, within `seconds`.

    None where it is not there, does not end in time, or ends with an exit code other than 0.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
