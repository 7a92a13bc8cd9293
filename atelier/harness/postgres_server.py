"""A PostgreSQL server of a check's own: the embedded binaries, or those on PATH."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.leftovers import world_prefix
from atelier.harness.postgres_programs import (
    is_root,
    open_to_others,
    program_folders,
    unprivileged,
    without_rights,
)
from atelier.harness.process import Process
from atelier.i18n import _
from atelier.verdicts import OurSide, Skipped

_READY = "database system is ready to accept connections"
_USER = "postgres"  # also the database: what a careless replacement in an address would change
_INIT_WITHIN = 30.0  # seconds
_START_WITHIN = 15.0
_STOP_WITHIN = 3.0
_PLACES = (Path("/var/tmp"), Path("/dev/shm"))  # where the folder for temporary files is closed


class PostgresServer:
    """One server on the port that it is given, which keeps nothing."""

    def __init__(self, family: Family, port: int) -> None:
        self._family = family
        self._process: Process | None = None
        self._folder: Path | None = None
        self._port = port

    @property
    def url(self) -> str:
        """The address as Heroku writes it, with a scheme that SQLAlchemy does not know."""
        return f"postgres://{_USER}:secret@127.0.0.1:{self._port}/{_USER}"

    def start(self) -> None:
        """Make a database cluster, start, and wait until it answers. Raises Skipped, OurSide."""
        programs = _programs()
        folder = self._folder = _make_folder()
        data = folder / "data"
        made = self._run(
            folder,
            *(programs / "initdb", "--pgdata", data, "--username", _USER, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )
        if made.wait(Deadline(_INIT_WITHIN)) != 0:
            raise OurSide(_("The PostgreSQL server did not start."), seen=made.output.text[-500:])
        self._process = self._run(
            folder,
            *(programs / "postgres", "-D", data, "-p", str(self._port), "-h", "127.0.0.1"),
            *("-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB"),
        )
        if not self._process.wait_for(_READY, Deadline(_START_WITHIN)):
            raise OurSide(
                _("The PostgreSQL server did not start."), seen=self._process.output.text[-500:]
            )

    def _run(self, folder: Path, *command: str | Path) -> Process:
        words = without_rights([str(word) for word in command])
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return Process(self._family, words, cwd=folder, env=environment)

    def stop(self) -> None:
        """End it at once, but by its own hand: killed, it would leave shared memory behind."""
        if self._process is not None and self._process.exit_code is None:
            self._process.signal(signal.SIGQUIT)
            self._process.settle(_STOP_WITHIN)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _make_folder() -> Path:
    """Make a folder that the server may own: the world's is closed to other users."""
    prefix = world_prefix(os.getpid())
    if not is_root():
        return Path(tempfile.mkdtemp(prefix=prefix))
    places = (Path(tempfile.gettempdir()), *_PLACES)
    place = next((each for each in places if each.is_dir() and open_to_others(each)), None)
    if place is None:
        raise Skipped(_("There is no PostgreSQL server that this machine can run."))
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    user = unprivileged()
    os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _programs() -> Path:
    """Return the folder of initdb and postgres. Raises Skipped when this machine has none."""
    for folder in program_folders():
        if not is_root() or all(open_to_others(folder / name) for name in ("initdb", "postgres")):
            return folder
    raise Skipped(_("There is no PostgreSQL server that this machine can run."))
