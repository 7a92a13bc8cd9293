"""The real `heroku` command: that of this machine, or the one that `.ci/run` installs from npm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def real_heroku() -> Path:
    """Return the folder of the `heroku` program; skip the test where there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    installed = cache / "atelier" / "heroku-11" / "node_modules" / ".bin"
    program = shutil.which("heroku") or shutil.which("heroku", path=str(installed))
    if program is None:
        pytest.skip("no heroku command here: .ci/run installs it, with npm")
    return Path(program).parent
