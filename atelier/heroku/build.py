"""A build: what was pushed becomes a slug, or is refused with the reason."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from atelier.git import GitFailed, git
from atelier.heroku.clock import now
from atelier.heroku.packages import NotInstalled, PackageSource
from atelier.heroku.places import Places
from atelier.heroku.procfile import BadProcfile, parse
from atelier.heroku.pythons import BadVersion, find, wanted
from atelier.heroku.records import Slug
from atelier.heroku.store import Store

_LARGEST = 500 * 1024 * 1024  # bytes, of a slug
# What other package managers read: two at once would leave it open which one counts.
_OTHERS = ("requirements.txt", "poetry.lock", "uv.lock")

Tell = Callable[[str], None]


class Refused(Exception):
    """The push is refused; the lines of the text say why, and what to do."""


class Builder:
    """Makes slugs."""

    def __init__(
        self,
        store: Store,
        places: Places,
        packages: PackageSource,
        find_python: Callable[[str], Path] = find,
    ) -> None:
        self._store = store
        self._places = places
        self._packages = packages
        self._find_python = find_python

    def build(
        self, app_id: str, repository: Path, commit: str, quarantine: Mapping[str, str], tell: Tell
    ) -> Slug:
        """Make the slug of `commit`, telling what is done. Raises Refused, and Gone."""
        slug_id = str(uuid.uuid4())
        files = self._places.builds / slug_id
        files.mkdir()
        try:
            size = _check_out(repository, commit, files, quarantine)
            process_types = _check(files)
            tell("-----> Python app detected")
            packages = self._install(files, tell)
            tell("-----> Discovering process types")
            tell(f"       Procfile declares types -> {', '.join(sorted(process_types))}")
            tell("")
            place = self._places.slug(slug_id)
            files.rename(place)
            slug = Slug(slug_id, app_id, commit, process_types, packages, size, now())
            try:
                self._store.add_slug(slug)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            return slug
        finally:
            shutil.rmtree(files, ignore_errors=True)

    def _install(self, files: Path, tell: Tell) -> str:
        try:
            version, where = wanted(files)
            if where:
                tell(f"-----> Using Python {version} specified in {where}")
            else:
                tell(f"-----> No Python version was specified. Using Python {version}")
                tell("       To choose one, add a .python-version file with one line: 3.13")
            python = self._find_python(version)
            if not self._packages.check_lock(files):
                raise Refused(
                    "Pipfile.lock is out of date: it does not belong to the Pipfile beside it.\n"
                    "Run 'pipenv lock', then commit Pipfile and Pipfile.lock together."
                )
            return self._packages.install(files, python, tell)
        except (BadVersion, NotInstalled) as error:
            raise Refused(str(error)) from error


def _check_out(repository: Path, commit: str, folder: Path, quarantine: Mapping[str, str]) -> int:
    """Write the files of a commit into `folder`; return their size in bytes."""
    environment = {
        **quarantine,
        "GIT_DIR": str(repository),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(folder.with_suffix(".index")),
    }
    try:
        sizes = git(repository, "ls-tree", "-r", "-l", "-z", commit, env=environment)
        size = sum(_size(entry) for entry in sizes.split("\0") if entry)
        if size > _LARGEST:
            raise Refused(f"The files take {size // 1024**2} MB; a slug may have 500 MB.")
        git(repository, "read-tree", commit, env=environment)
        git(repository, "checkout-index", "-a", env=environment)
    except GitFailed as error:
        raise Refused(f"The commit cannot be read: {error}") from error
    finally:
        folder.with_suffix(".index").unlink(missing_ok=True)
    return size


def _size(entry: str) -> int:
    size = entry.partition("\t")[0].split()[-1]
    return int(size) if size.isdecimal() else 0  # a submodule has none


def _check(folder: Path) -> dict[str, str]:
    """Return the process types of the app in `folder`. Raises Refused."""
    others = [name for name in _OTHERS if (folder / name).is_file()]
    if not (folder / "Pipfile").is_file():
        if others:
            raise Refused(
                f"There is {others[0]} and no Pipfile: the local Heroku builds with pipenv only."
            )
        raise Refused(
            "No Python app was found: there is no Pipfile at the top of what you pushed.\n"
            "Is it committed? Type: git ls-files"
        )
    if not (folder / "Pipfile.lock").is_file():
        raise Refused(
            "Error: No 'Pipfile.lock' found!\n\n"  # Heroku's words
            "There is a Pipfile, and no Pipfile.lock beside it.\n"
            "Run 'pipenv lock', then git add Pipfile.lock and commit it."
        )
    if others:
        raise Refused(
            "Error: Multiple Python package manager files were found.\n\n"  # Heroku's words
            f"There are the files of two package managers: Pipfile.lock and {others[0]}.\n"
            "Remove the one that you do not use, and commit."
        )
    procfile = folder / "Procfile"
    if not procfile.is_file() or procfile.is_symlink():
        raise Refused(
            "There is no Procfile: nothing says what to run. It is a file at the top, with a"
            " capital P.\nExample of its content: web: gunicorn wsgi:app"
        )
    try:
        return parse(procfile.read_bytes())
    except BadProcfile as error:
        raise Refused(str(error)) from error
