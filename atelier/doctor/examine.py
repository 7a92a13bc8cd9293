"""All that the doctor looks at, in order; and the text to paste into a question."""

from __future__ import annotations

import getpass
import os
import platform
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from atelier.doctor import machine, project
from atelier.doctor.line import Level, Line
from atelier.harness.environment import read_dotenv
from atelier.i18n import _

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SHORTEST = 4  # characters; shorter values would take words out


def examine(workshop: Path, folder: Path | None) -> list[Line]:
    """Look at the machine, and at the project in `folder` where there is one."""
    there = [folder] if folder is not None and folder.is_dir() else []
    temporary = Path(tempfile.gettempdir())
    looks: list[tuple[str, Callable[[], Line | Iterable[Line]]]] = [
        ("python", machine.python),
        ("pipenv", machine.pipenv),
        ("git", machine.git_and_identity),
        ("redis", machine.redis),
        ("project", lambda: project.folder(folder)),
        *((name, lambda look=look: look(there[0])) for name, look in _OF_PROJECT if there),
        ("port", lambda: project.ports(folder)),
        ("permission", lambda: project.writable(*there, temporary)),
        ("disk", lambda: machine.disk(*there, temporary)),
        ("clock", machine.clock),
        ("locale", machine.language),
        ("terminal", machine.terminal),
        ("wsl", lambda: machine.wsl(workshop, *there)),
        ("proxy", machine.proxy),
        ("start", machine.process_start),
    ]
    return [line for name, look in looks for line in _looked(name, look)]


_OF_PROJECT = (("packages", project.packages), ("env", project.dotenv))


def _looked(name: str, look: Callable[[], Line | Iterable[Line]]) -> Iterator[Line]:
    """What a look found; a look that stops says so, and the others go on."""
    try:
        found = look()
        yield from [found] if isinstance(found, Line) else list(found)
    except Exception as error:
        said = _("This could not be looked at: {reason}", reason=f"{type(error).__name__}: {error}")
        yield Line(name, Level.ASK, f"{name}: {said}")


def report(lines: Sequence[Line], folder: Path | None, step: str | None) -> str:
    """Return the lines as a text to show to others: no secret, no name, no home folder."""
    about = [
        f"{platform.system()} {platform.release()} {platform.machine()}, "
        f"Python {platform.python_version()}",
        f"step: {step or '-'}",
    ]
    told = [
        f"[{line.level.name.lower()}] {line.id}: {line.text}{f' -> {line.fix}' if line.fix else ''}"
        for line in lines
    ]
    dotenv = read_dotenv(folder / ".env") if folder is not None else {}
    return redact("\n".join([*about, *told]), dotenv)


def redact(text: str, dotenv: dict[str, str]) -> str:
    """Take out the values of `.env`, secrets of the environment, the user's name and home."""
    secrets = {value for name, value in dotenv.items() if not value.isdigit()}
    secrets |= {value for name, value in os.environ.items() if _SECRET.search(name)}
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, "***")
    text = _LOGIN.sub("***", text)
    home = str(Path.home())
    for place in {home, os.path.realpath(home)} - {"/"}:
        text = text.replace(place, "~")
    for name in {_user(), Path(home).name}:
        if name:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "user", text)
    return text.replace(platform.node() or "\0", "machine")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
