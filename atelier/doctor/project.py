"""What the doctor looks at in the learner's project, and around it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from atelier.doctor.line import Level, Line
from atelier.git import GitFailed, git
from atelier.harness.environment import read_dotenv
from atelier.harness.interpreter import Interpreter, find_interpreter
from atelier.harness.ports import listens
from atelier.i18n import _
from atelier.paths import data_directory

_SYNC = "pipenv sync --dev"
_NAMED = 4  # packages that are named


def folder(project: Path | None) -> Line:
    """The project itself."""
    if project is None:
        return Line("project", Level.FIX, _("There is no project yet."), "script/start")
    if not project.is_dir():
        return Line(
            "project",
            Level.FIX,
            _("Your project is not at {folder} any more.", folder=str(project)),
            "pipenv run atelier undo",
        )
    return Line("project", Level.READY, _("Your project: {folder}", folder=str(project)))


def writable(*folders: Path) -> Line:
    """Permission to write where files are written."""
    for place in (*folders, data_directory()):
        there = next((each for each in (place, *place.parents) if each.exists()), Path("/"))
        if os.access(there, os.W_OK | os.X_OK):
            continue
        mine = there.stat().st_uid == os.getuid()
        return Line(
            "permission",
            Level.FIX if mine else Level.ASK,
            _("Nothing can be written in {folder}.", folder=str(there)),
            f"chmod u+rwx {there}" if mine else _("It belongs to another user of this machine."),
        )
    return Line("permission", Level.READY, _("Files can be written"))


def packages(project: Path) -> Line:
    """The project's virtual environment, and whether it is what the lock says."""
    if not (project / "Pipfile.lock").is_file():
        return Line("packages", Level.READY, _("No packages locked yet"))
    interpreter = find_interpreter(project)
    if interpreter is None:
        return Line("packages", Level.FIX, _("The project has no virtual environment."), _SYNC)
    try:
        wrong = sorted(_differing(project, interpreter))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Line("packages", Level.FIX, _("Pipfile.lock cannot be read."), "pipenv lock")
    if wrong:
        return Line(
            "packages",
            Level.FIX,
            _(
                "{count} packages are not as Pipfile.lock says: {names}",
                count=len(wrong),
                names=", ".join(wrong[:_NAMED]) + (" …" if len(wrong) > _NAMED else ""),
            ),
            _SYNC,
        )
    return Line("packages", Level.READY, _("The packages are as Pipfile.lock says"))


def _differing(project: Path, interpreter: Interpreter) -> Iterator[str]:
    from packaging.markers import Marker

    lib = interpreter.bin_directory.parent / "lib"
    installed = {}
    for info in lib.glob("python*/site-packages/*.dist-info"):
        name, _dash, version = info.name.removesuffix(".dist-info").rpartition("-")
        installed[_normal(name)] = version
    lock = json.loads((project / "Pipfile.lock").read_text("utf-8"))
    for section in ("default", "develop"):
        for name, entry in lock[section].items():
            wanted = entry.get("version", "").removeprefix("==")
            markers = entry.get("markers")
            if not wanted or (markers and not Marker(markers).evaluate()):
                continue
            if installed.get(_normal(name)) != wanted:
                yield name


def _normal(name: str) -> str:
    """The name of a package as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def dotenv(project: Path) -> Line:
    """The `.env`: there, readable, and not in git."""
    file = project / ".env"
    if not file.exists():
        return Line("env", Level.READY, _("No .env yet"))
    try:
        names = read_dotenv(file)
    except OSError:
        return Line("env", Level.FIX, _(".env cannot be read."), f"chmod u+rw {file}")
    try:
        tracked = bool(git(project, "-c", "safe.directory=*", "ls-files", "--", ".env"))
    except GitFailed:
        tracked = False
    if tracked:
        return Line(
            "env",
            Level.FIX,
            _(".env is in git, and would be pushed with its secrets."),
            "git rm --cached .env",
        )
    return Line("env", Level.READY, _(".env: {names}", names=", ".join(sorted(names)) or "-"))


def ports(project: Path | None, numbers: tuple[int, ...] = (6379, 8000)) -> Iterator[Line]:
    """The ports of the lessons' servers: free, or held by what the learner runs."""
    for number in numbers:
        name = f"port-{number}"
        if not listens(number):
            yield Line(name, Level.READY, _("Port {number} is free", number=number))
            continue
        owner = _owner(number)
        where = owner[1] if owner else None
        ours = owner is not None and (
            (project is not None and where is not None and Path(where).is_relative_to(project))
            or owner[0] in ("valkey-server", "redis-server")
        )
        if ours and owner is not None:
            said = _("Port {number}: your own {program}", number=number, program=owner[0])
            yield Line(name, Level.READY, said)
            continue
        program = owner[0] if owner else "?"
        yield Line(
            name,
            Level.FIX,
            _(
                "Port {number} is taken by another program: {program}",
                number=number,
                program=program,
            ),
            _("Stop that program, or choose another port in your .env."),
        )


def _owner(number: int) -> tuple[str, str | None] | None:
    """The program that listens on a port, and where it works, where that may be known."""
    import psutil

    try:
        listening = [
            found
            for found in psutil.net_connections("tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr[1:] == (number,) and found.pid
        ]
        process = psutil.Process(listening[0].pid)
        return process.name(), process.cwd()
    except (psutil.Error, OSError, IndexError):
        return None
