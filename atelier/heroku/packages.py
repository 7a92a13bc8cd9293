"""The packages of an app, installed from its lock by pipenv, once for each lock."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from atelier.harness.family import TOKEN
from atelier.harness.interpreter import pipenv_command, pipenv_environment

_WITHIN = 540.0  # seconds; Heroku gives a build 15 minutes
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMPLETE = "complete"  # a file in an environment whose packages are all there
_KEPT = ("PIPENV_CACHE_DIR", "PIPENV_PYPI_MIRROR")
_WORTH_TELLING = ("Installing dependencies", "All dependencies", "Ignoring", "Warning")
_LINES_TOLD = 30  # of what pipenv said, when it did not succeed

Tell = Callable[[str], None]


class NotInstalled(Exception):
    """The packages could not be installed; the text says why."""


class PackageSource(Protocol):
    """Where a build has the packages of a slug from."""

    def check_lock(self, project: Path) -> bool:
        """Whether the lock of `project` belongs to its Pipfile. Raises NotInstalled."""

    def install(self, project: Path, python: Path, tell: Tell) -> str:
        """Have what the lock says; return the name of the environment. Raises NotInstalled."""


class Packages:
    """The environments of all slugs, in one folder."""

    def __init__(self, folder: Path, token: str, within: float = _WITHIN) -> None:
        self._folder = folder
        self._token = token  # by which a later life of the platform finds what a kill left
        self._within = within
        self._lock = threading.Lock()
        self._fresh: set[str] = set()  # pairs of Pipfile and lock that pipenv found to belong

    def check_lock(self, project: Path) -> bool:
        """Whether the lock of `project` belongs to its Pipfile. Raises NotInstalled."""
        files = [(project / name).read_bytes() for name in ("Pipfile", "Pipfile.lock")]
        digest = hashlib.sha256(b"\0".join(files)).hexdigest()
        if digest in self._fresh:
            return True
        # The mark in a lock also tells the index that it was made with: pipenv's default one,
        # which is what the real platform compares with, or this machine's mirror.
        fresh = any(
            self._pipenv(["verify"], project, lambda line: None, mirror=mirror) == 0
            for mirror in (False, True)
        )
        if fresh:
            self._fresh.add(digest)
        return fresh

    def install(self, project: Path, python: Path, tell: Tell) -> str:
        """Install what the lock of `project` says; return the name of the environment.

        Raises NotInstalled.
        """
        name = environment_name(project, python)
        with self._lock:  # two apps may have one lock
            place = self._folder / name
            if is_complete(place):
                tell("-----> Using cached packages (the lock has not changed)")
                return name
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            for file in ("Pipfile", "Pipfile.lock"):
                shutil.copyfile(project / file, place / file)
            tell("-----> Installing dependencies using 'pipenv sync'")

            said: list[str] = []

            def hear(line: str) -> None:
                said.append(line)
                if line.startswith(_WORTH_TELLING):
                    tell(f"       {line}")

            try:
                if self._pipenv(["sync", "--python", str(python)], place, hear) != 0:
                    last = "\n".join(said[-_LINES_TOLD:])
                    raise NotInstalled(f"{last}\npipenv could not install the packages.")
                self._compile(python, place)
                (place / COMPLETE).touch()
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            return name

    def _pipenv(
        self, arguments: Sequence[str], project: Path, tell: Tell, *, mirror: bool = True
    ) -> int:
        command = pipenv_command()
        if command is None:
            raise NotInstalled("pipenv is not on the PATH of the local Heroku.")
        environment = {
            name: value
            for name, value in pipenv_environment(project).items()
            if not name.startswith("PIPENV_") or name in _KEPT
        }
        if not mirror:
            environment = {
                name: value
                for name, value in environment.items()
                if not name.startswith("PIP_") and name != "PIPENV_PYPI_MIRROR"
            }
            environment["PIP_CONFIG_FILE"] = os.devnull
        environment |= {
            "PIPENV_PIPFILE": str(project / "Pipfile"),
            "PIPENV_IGNORE_VIRTUALENVS": "1",
            "PIPENV_VENV_IN_PROJECT": "1",
            "PIPENV_NOSPIN": "1",
            "PIPENV_DONT_LOAD_ENV": "1",
            "PIPENV_YES": "1",
            "PIP_COMPILE": "0",  # done afterwards, by all cores
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "LC_ALL": "C.UTF-8" if os.name == "posix" else "C",
        }
        return self._run([command, *arguments], project, environment, tell)

    def _compile(self, python: Path, place: Path) -> None:
        """Compile the modules, as pip does one after the other: dynos do not (they share them).

        What cannot be compiled, a template say, stays as it is, as with pip.
        """
        folder = place / ".venv" / "lib"
        # Not pip's own modules, which no dyno imports.
        options = ("-q", "-j", "0", "-x", "/site-packages/pip/")
        command = [str(python), "-I", "-m", "compileall", *options, str(folder)]
        self._run(command, place, {}, lambda line: None)

    def _run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        tell: Tell,
    ) -> int:
        """Run a command to its end, or to the end of its time, and return its exit code."""
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, TOKEN: self._token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        slow = threading.Timer(self._within, _kill_group, [process])
        slow.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                tell(_COLOUR.sub("", line.decode("utf-8", "replace")).rstrip())
            return process.wait()
        finally:
            slow.cancel()
            _kill_group(process)
            process.wait()


def is_complete(place: Path) -> bool:
    """Whether the environment in `place` has all of its packages."""
    return (place / COMPLETE).is_file()


def environment_name(project: Path, python: Path) -> str:
    """Name an environment after all that its content depends on. Raises NotInstalled."""
    content = (project / "Pipfile.lock").read_bytes()
    try:
        content = json.dumps(json.loads(content)["default"], sort_keys=True).encode()
    except (ValueError, KeyError, TypeError) as error:
        raise NotInstalled("Pipfile.lock cannot be read: it is not what pipenv wrote.") from error
    return hashlib.sha256(str(python).encode() + b"\0" + content).hexdigest()[:16]


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
