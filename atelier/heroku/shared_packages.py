"""The packages of a platform that lives for one check: what outlives it, and links to it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from atelier.heroku.packages import COMPLETE, Packages, Tell, environment_name, is_complete
from atelier.paths import data_directory

_KEPT = 3  # environments of the shelf, each of one lock: some 100 MB
_IN_USE = 3600.0  # seconds after its last use; a check may still run with it
_WITHIN = 150.0  # seconds for an installation


def default_shelf() -> Path:
    """Return the folder of what all checks of this user share (it may not exist yet)."""
    return data_directory() / "packages"


class GivenPackages:
    """One environment that is there already, for the workshop's own solutions."""

    def __init__(self, folder: Path, environment: Path) -> None:
        self._folder = folder
        self._environment = environment

    def check_lock(self, project: Path) -> bool:
        """Say that the lock belongs to its Pipfile: nothing is installed from it."""
        return True

    def install(self, project: Path, python: Path, tell: Tell) -> str:
        """Link to the environment."""
        return _link(self._folder, "given", self._environment)


class SharedPackages:
    """Environments installed from locks, once for all checks, on a shelf in the tool's own data.

    What stands in `others` is taken as it is: the learner's own Heroku installs there.
    """

    def __init__(self, folder: Path, shelf: Path, others: Sequence[Path], token: str) -> None:
        self._folder = folder
        self._shelf = shelf
        self._others = others
        self._packages = Packages(shelf, token, _WITHIN)

    def check_lock(self, project: Path) -> bool:
        """Whether the lock of `project` belongs to its Pipfile. Raises NotInstalled."""
        files = [(project / name).read_bytes() for name in ("Pipfile", "Pipfile.lock")]
        known = self._shelf / f"fresh-{hashlib.sha256(b'-'.join(files)).hexdigest()[:32]}"
        if known.exists():
            return True
        fresh = self._packages.check_lock(project)
        if fresh:
            with self._alone():
                _remove_oldest(self._shelf.glob("fresh-*"), 20)
                known.touch()
        return fresh

    def install(self, project: Path, python: Path, tell: Tell) -> str:
        """Install what the lock says where nobody has yet, and link to it. Raises NotInstalled."""
        name = environment_name(project, python)
        for shelf in self._others:
            if is_complete(shelf / name):
                return _link(self._folder, name, shelf / name / ".venv")
        with self._alone():
            self._packages.install(project, python, tell)
            os.utime(self._shelf / name / COMPLETE)
            used = (place / COMPLETE for place in self._shelf.iterdir() if is_complete(place))
            _remove_oldest(used, _KEPT)
        return _link(self._folder, name, self._shelf / name / ".venv")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the shelf: another check of the same user waits."""
        self._shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._shelf / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _link(folder: Path, name: str, environment: Path) -> str:
    place = folder / name / ".venv"
    place.parent.mkdir(exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(environment)
    return name


def _remove_oldest(marks: Iterator[Path], kept: int) -> None:
    """Remove what was not used lately, with the folder of an environment, beyond `kept`."""
    ages = sorted(((mark.stat().st_mtime, mark) for mark in marks), reverse=True)
    for used, mark in ages[kept:]:
        if time.time() - used > _IN_USE:
            mark.unlink()
            if mark.name == COMPLETE:
                shutil.rmtree(mark.parent, ignore_errors=True)
