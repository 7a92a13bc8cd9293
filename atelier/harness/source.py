"""The files of a learner's project as a check sees them."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import stat
import sys
import tomllib
from pathlib import Path
from typing import Any

from atelier.git import GitFailed, git
from atelier.harness.environment import decode, read_dotenv
from atelier.harness.interpreter import Interpreter
from atelier.i18n import _
from atelier.verdicts import NotYet, OurSide, ProgramStopped

# `secrets`, from step 24 on, leads to the learner's own servers: a check has its own.
_LEFT_OUT = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", "instance", "secrets"}
)
# Source: https://devcenter.heroku.com/articles/procfile
_PROCESS_TYPE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):[ \t]*(?P<command>\S.*?)\s*")
_LARGEST = 20 * 1024 * 1024  # bytes; a program does not need a larger file to run a check
_LARGEST_TEXT = 1024 * 1024


class Source:
    """The project in the folder `root` and the environment it runs in."""

    def __init__(self, root: Path, interpreter: Interpreter | None) -> None:
        self.root = root
        self._interpreter = interpreter

    @property
    def interpreter(self) -> Interpreter:
        """The project's environment. Raises NotYet, with what to type, when there is none."""
        if self._interpreter is None:
            raise NotYet(
                _("The project has no virtual environment."),
                seen=_("There is no Python in .venv, and pipenv knows of none."),
                look=_("In the project's folder, have you run: pipenv install?"),
            )
        return self._interpreter

    def has(self, name: str) -> bool:
        """Whether the file `name` is there."""
        return (self.root / name).is_file()

    def text(self, name: str) -> str:
        """Return the text of the file `name`, undecodable bytes replaced. Raises NotYet."""
        try:
            with (self.root / name).open("rb") as file:
                return decode(file.read(_LARGEST_TEXT))
        except OSError as error:
            raise NotYet(
                _("The file {name} is not there.", name=name),
                look=_("Is it in the project's folder, and spelt exactly like this?"),
            ) from error

    def parse(self, name: str) -> ast.Module:
        """Return the syntax tree of a Python file. Raises NotYet, ProgramStopped."""
        text = self.text(name)
        try:
            return ast.parse(text, name)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            raise ProgramStopped(
                _("Python cannot read {name}.", name=name),
                seen=f"{name}, line {line}\n{type(error).__name__}: {getattr(error, 'msg', error)}",
                look=_("What is missing on this line, or on the one before?"),
            ) from error

    def pipfile(self) -> dict[str, Any]:
        """Return its Pipfile. Raises NotYet when it is missing or cannot be read."""
        try:
            content = tomllib.loads(self.text("Pipfile"))
            if not isinstance(content.get("packages", {}), dict):
                raise tomllib.TOMLDecodeError("packages must be a section: [packages]")
            return content
        except tomllib.TOMLDecodeError as error:
            raise NotYet(
                _("The Pipfile cannot be read."),
                seen=str(error),
                look=_("Which line did you change by hand?"),
            ) from error

    def procfile(self) -> dict[str, str]:
        """Return the lines of its Procfile: the command of each process type. Raises NotYet."""
        lines = map(_PROCESS_TYPE.fullmatch, self.text("Procfile").splitlines())
        return {line["name"]: line["command"] for line in lines if line}

    def tracked_by_git(self, name: str) -> bool:
        """Whether git keeps the file `name`; False where there is no repository."""
        if not any((folder / ".git").exists() for folder in (self.root, *self.root.parents)):
            return False
        try:
            # The folder may be another user's (WSL, a shared disk): listing runs nothing of it.
            options = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
            return bool(git(self.root, *options, "ls-files", "--", name))
        except GitFailed as error:
            raise OurSide(_("git could not be asked."), seen=str(error)) from error

    def not_committed(self, *names: str) -> list[str]:
        """Return those of the files whose present content is not in git's last commit."""
        options = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
        missing = []
        for name in names:
            try:
                kept = git(self.root, *options, "rev-parse", "--verify", f"HEAD:./{name}")
                there = git(self.root, *options, "hash-object", "--", name)
            except GitFailed:
                missing.append(name)
                continue
            if kept != there:
                missing.append(name)
        return missing

    def locked(self) -> dict[str, Any]:
        """Return the packages that its Pipfile.lock installs for everyone. Raises NotYet."""
        try:
            packages = json.loads(self.text("Pipfile.lock"))["default"]
        except (ValueError, KeyError, TypeError, RecursionError):
            packages = {}
        return packages if isinstance(packages, dict) else {}

    @property
    def dotenv(self) -> dict[str, str]:
        """The variables of its `.env`."""
        return read_dotenv(self.root / ".env")

    def shadows(self) -> list[str]:
        """Return the top-level files and folders that hide an installed package or Python's own."""
        found = []
        for entry in sorted(self.root.glob("*")):  # nothing, when the folder is gone
            name = entry.stem if entry.suffix == ".py" else entry.name
            is_module = entry.suffix == ".py" or (entry / "__init__.py").is_file()
            if is_module and (
                name in sys.stdlib_module_names
                or (self._interpreter is not None and self._interpreter.has(name))
            ):
                found.append(entry.name)
        return found

    def copy(self, target: Path) -> None:
        """Copy what a program needs to run: no git, no environment, no database, no secrets."""
        shutil.copytree(self.root, target, symlinks=True, ignore=_left_out)
        for folder, _names, files in os.walk(target):  # a read-only project runs all the same
            for path in (Path(folder), *(Path(folder, name) for name in files)):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | stat.S_IRUSR | stat.S_IWUSR)


def _left_out(directory: str, names: list[str]) -> set[str]:
    left: set[str] = set()
    for name in names:
        path = Path(directory, name)
        try:
            mode = path.stat()
            if name in _LEFT_OUT or not os.access(path, os.R_OK):
                left.add(name)
            elif stat.S_ISDIR(mode.st_mode):
                if not os.access(path, os.X_OK) or (path / "pyvenv.cfg").is_file():
                    left.add(name)
            elif not stat.S_ISREG(mode.st_mode) or mode.st_size > _LARGEST:
                left.add(name)  # sockets and pipes, dumps
        except OSError:  # a broken link, one that leads where nobody may look, a file just gone
            left.add(name)
    return left
