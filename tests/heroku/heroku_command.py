"""The real `heroku` command, from npm, in a folder that the next run finds again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_MAJOR = "11"
_OLDEST_NODE = 20
_WITHIN = 400  # seconds; on a quiet machine about 45


def real_heroku() -> Path:
    """Return the folder of the `heroku` program; skip the test where it cannot be had."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("no npm here: the real heroku command cannot be installed")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if int(re.sub(r"^v(\d+)\..*", r"\1", said.strip()) or 0) < _OLDEST_NODE:
        pytest.skip(f"the real heroku command needs Node {_OLDEST_NODE}; here is {said.strip()}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atelier"
    place = cache / f"heroku-{_MAJOR}"
    program = place / "node_modules" / ".bin" / "heroku"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            new = Path(folder) / "heroku"
            new.mkdir()
            command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
            try:
                done = subprocess.run(
                    [*command, "--prefix", str(new), f"heroku@{_MAJOR}"],
                    capture_output=True,
                    text=True,
                    timeout=_WITHIN,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                pytest.skip("npm did not install the heroku command in time")
            if done.returncode != 0:
                pytest.skip(f"npm could not install the heroku command: {done.stderr[-300:]}")
            if not program.exists():
                new.rename(place)
    return program.parent
