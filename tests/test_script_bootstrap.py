"""The set-up for real, from nothing: its own pipenv by the pip that comes along, then packages.

Only where a package index can be reached; about half a minute.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.script_kit import ROOT

# The smallest workshop there can be: its tool, and one package of the real lock.
PYPROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "atelier"
version = "0"
[project.scripts]
atelier = "atelier:main"
[tool.setuptools]
packages = ["atelier"]
"""
TOOL = """import os, subprocess, sys
def main():
    import blinker
    print(sys.argv[1:], sys.prefix)
    print(subprocess.check_output([os.environ["ATELIER_PIPENV"], "--version"], text=True))
"""


def reachable(folder: Path) -> bool:
    """Say whether pip, by itself, can get a package at this moment."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--timeout", "10", "--retries", "1", "--dest", str(folder), "blinker"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_from_nothing_to_the_tool(tmp_path: Path) -> None:
    if not reachable(tmp_path):
        pytest.skip("no package index can be reached")
    root, home = tmp_path / "école d'été" / "a b", tmp_path / "chez moi, l'été"
    (root / "atelier").mkdir(parents=True)
    home.mkdir()
    shutil.copytree(ROOT / "script", root / "script")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "atelier" / "__init__.py").write_text(TOOL)
    (root / "Pipfile").write_text('[packages]\nblinker = "*"\n')
    (root / "Pipfile.lock").write_text(small_lock())
    kept = ("PIP_CERT", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "PIP_INDEX_URL")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": str(home),
        "LANG": "fr_FR.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "ATELIER_PYTHON": str(Path(sys.executable).resolve()),
        "VIRTUAL_ENV": sys.prefix,
        "PYTHONPATH": "/nowhere",
        "TMPDIR": str(tmp_path),
    }
    # Whatever pipenv this machine has, it is not found: the copy must be made.
    for folder in environment["PATH"].split(":"):
        if (Path(folder) / "pipenv").exists():
            pytest.skip("pipenv is among the system's programs")
    done = start(root, environment)
    assert done.returncode == 0, done.stderr
    assert f"['start', '--at', '10'] {root / '.venv'}" in done.stdout
    assert "pipenv, version 202" in done.stdout
    assert (home / ".local" / "bin" / "pipenv").exists()
    packages = next((home / ".local/share/atelier/pipenv/lib").glob("python*/site-packages"))
    assert not (packages / "pip").exists()  # neither ensurepip nor a pip was needed
    again = start(root, environment)
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert "Installation" not in again.stderr


def start(root: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run script/start."""
    return subprocess.run(
        [str(root / "script" / "start"), "--at", "10"],
        cwd=root.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def small_lock() -> str:
    """Return a lock with one package of the real one, and the tool."""
    entry = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))["default"]["blinker"]
    return json.dumps(
        {
            "_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": []},
            "default": {"blinker": entry},
            "develop": {"atelier": {"editable": True, "path": "."}},
        }
    )
