"""What the tests of the add-ons share."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from atelier.harness.postgres_programs import open_to_others, program_folders
from atelier.heroku.addons.cluster import cluster_place

REDIS = "heroku-redis:mini"
POSTGRESQL = "heroku-postgresql:essential-0"


def processes_in(*folders: Path) -> list[str]:
    """Return what works in these folders or below."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            place = Path(process.cwd())
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and any(place.is_relative_to(folder) for folder in folders):
                found.append(f"{process.pid} {process.name()}")
    return found


def places_of(folder: Path) -> tuple[Path, ...]:
    """Return the folders of the servers of the add-ons in `folder`."""
    return folder.resolve(), cluster_place(folder)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder that any user may enter, as a home often is for root in a container."""
    places = (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"))
    place = next(each for each in places if each.is_dir() and open_to_others(each))
    with tempfile.TemporaryDirectory(dir=place, prefix="atelier-maison d'été ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def psql(url: str) -> list[str]:
    """Return a command that runs the SQL it reads."""
    programs = next(program_folders())
    return [str(programs / "psql"), "--no-psqlrc", "-qAt", "--set=ON_ERROR_STOP=1", url]


def ask(url: str, sql: str) -> subprocess.CompletedProcess[str]:
    """Run SQL as an app does, and return what came of it."""
    return subprocess.run(
        psql(url),
        input=sql,
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


def port_of(url: str) -> int:
    """Return the port of an address."""
    port = urlsplit(url).port
    assert port is not None
    return port
