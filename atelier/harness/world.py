"""A world of its own for a learner's program: a copy, a home, a Redis, a database, ports."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from atelier.harness.deadline import Deadline
from atelier.harness.environment import build_environment, read_dotenv
from atelier.harness.family import Family
from atelier.harness.leftovers import world_prefix
from atelier.harness.once import Once
from atelier.harness.ports import HeldPort
from atelier.harness.process import Process, Program
from atelier.harness.redis_server import RedisServer
from atelier.harness.source import Source
from atelier.harness.warm import warm_python
from atelier.i18n import _
from atelier.verdicts import OurSide, ProgramStopped

if TYPE_CHECKING:
    from atelier.harness.postgres_server import PostgresServer
    from atelier.harness.python import Question
    from atelier.harness.queue import Queue
    from atelier.harness.web import Web
    from atelier.harness.worker import Worker

_COMMAND_WITHIN = 40.0  # seconds
_BROKERS = ("redis://", "rediss://", "amqp://", "amqps://", "pyamqp://")
_SQLITE = b"SQLite format 3\0"  # what every such file begins with


class World:
    """Where one program runs for one check. A context manager: nothing is left behind.

    Its parts start when they are first asked for, once, whichever thread asks.
    """

    def __init__(self, source: Source, *, redis: bool = True, platform: bool = False) -> None:
        """Make a world; with `platform` true, one as a host's: no `.env`, but its variables."""
        self.source = source
        self._platform = platform
        self.interpreter = source.interpreter
        binaries = self.interpreter.bin_directory
        self.family = Family(warm_python(binaries) if self.interpreter.warm else None)
        # realpath: on macOS the temporary folder is a link, and tracebacks show its target.
        self.directory = Path(os.path.realpath(tempfile.mkdtemp(prefix=world_prefix(os.getpid()))))
        self.root = self.directory / (source.root.name or "project")
        self.home = self.directory / "home"
        self.redis_server = RedisServer(self.family, self.home, {"PATH": os.defpath})
        self._redis_wanted = redis
        self.worker_options: list[str] = []
        self._redis: Once[RedisServer] = Once()
        self._queue: Once[Queue] = Once()
        self._database: Once[str] = Once()
        self._postgres: Once[PostgresServer] = Once()
        self._tls: Once[str] = Once()
        self._stops: list[Callable[[], None]] = []
        self._lent: list[HeldPort] = []
        self.started: list[Process] = []
        self._web: Once[Web] = Once()
        self._api: Once[Web] = Once()
        self._worker: Once[Worker] = Once()
        self._resting_worker: Once[Worker] = Once()
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        self.home.mkdir()
        try:
            self.source.copy(self.root)
        except (OSError, shutil.Error) as error:
            raise OurSide(_("The project could not be copied."), seen=str(error)[:500]) from error
        ours = {
            "REDIS_URL": self.redis_server.url,
            "DATABASE_URL": f"sqlite:///{self.home / 'check.db'}",
            "FLASK_RUN_PORT": "0",
            "PORT": "0",
            "FLASK_CONFIG": "",  # a file of theirs leads to their servers
        }
        if self._platform:
            (self.root / ".env").unlink(missing_ok=True)
            self.replaced = {name: ours[name] for name in ("REDIS_URL", "DATABASE_URL", "PORT")}
            self.env = build_environment(
                self.interpreter.bin_directory, self.home, {"DYNO": "web.1", **self.replaced}
            )
            return
        # Another name for the address of a Redis or a RabbitMQ would lead to the learner's own.
        addresses = {
            name: self.redis_server.url
            for name, value in self.source.dotenv.items()
            if value.startswith(_BROKERS)
        }
        self.replaced = {
            name: ours.get(name, addresses.get(name, ""))
            for name in self.source.dotenv
            if name in ours or name in addresses
        }
        dotenv = read_dotenv(self.source.root / ".env", self.replaced)
        self.env = build_environment(self.interpreter.bin_directory, self.home, dotenv)
        self._rewrite_dotenv()

    def _rewrite_dotenv(self) -> None:
        """Give the copy's `.env` our addresses too: Flask reads the file by itself."""
        path = self.root / ".env"
        if not self.source.has(".env"):
            return
        text = self.source.text(".env")
        path.unlink(missing_ok=True)  # a link would lead to the learner's own file
        for name, value in self.replaced.items():
            line = re.compile(rf"^(\s*(?:export\s+)?{name}\s*=).*$", re.MULTILINE)
            text = line.sub(rf"\g<1>{value}", text)
        path.write_text(text, "utf-8")

    # What runs in it

    def run(self, name: str, *arguments: str) -> Process:
        """Start the command `name` of the project's environment in the copy."""
        return self.start([self.interpreter.script(name), *arguments])

    def lend_port(self) -> int:
        """Return a free port for a server of the program's own.

        Until the world ends no other program is given it, where the system allows that.
        """
        port = HeldPort()
        port.lend()
        self._lent.append(port)
        return port.number

    def start(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> Process:
        """Start `command` in the copy, its Redis running if the project knows of one.

        `variables` are added to the environment of this one process.
        """
        if "REDIS_URL" in self.replaced:
            _running = self.redis
        env = {**self.env, **(variables or {})}
        process = Process(self.family, command, cwd=self.root, env=env)
        self.started.append(process)
        return process

    def command(self, *words: str, seconds: float = _COMMAND_WITHIN) -> str:
        """Run a command to its end and return what it printed.

        Raises ProgramStopped when it exits with another code than 0, TookTooLong.
        """
        process = self.run(*words)
        code = process.wait(Deadline(seconds))
        if code != 0:
            raise self.stopped(" ".join(words), process)
        return process.output.text

    def attempt(self, *words: str, seconds: float = _COMMAND_WITHIN) -> tuple[int, str]:
        """Run a command to its end; return its exit code and its last lines. Raises TookTooLong."""
        from atelier.harness.crash import last_lines

        process = self.run(*words)
        code = process.wait(Deadline(seconds))
        return code, "\n".join(last_lines(process.output.text, self.root, 3))

    def stopped(self, name: str, process: Program) -> ProgramStopped:
        """Say why `process`, called `name`, stopped."""
        from atelier.harness.crash import program_stopped

        return program_stopped(
            name, process.output.text, process.exit_code, self.root, self.source.shadows()
        )

    def ask(self, code: str, **values: Any) -> Question:
        """Start `code` in the project's Python, as `flask shell` would; it calls `tell(…)`.

        `values` are its variables: what can be JSON.
        """
        from atelier.harness.python import Question

        return Question(self, code, values)

    def python(self, code: str, *, seconds: float = _COMMAND_WITHIN, **values: Any) -> Any:
        """Run `code` as `ask` does and return what it tells first.

        Raises ProgramStopped, TookTooLong.
        """
        return self.ask(code, **values).answer(seconds)

    @property
    def redis(self) -> RedisServer:
        """Its Redis, running."""
        return self._redis.get(self._start_redis)

    def _start_redis(self) -> RedisServer:
        if self._redis_wanted:
            self.redis_server.start()
        return self.redis_server

    @property
    def postgres(self) -> PostgresServer:
        """A PostgreSQL server, running. Raises Skipped where there is none for this machine."""
        return self._postgres.get(self._start_postgres)

    def _start_postgres(self) -> PostgresServer:
        from atelier.harness.postgres_server import PostgresServer

        server = PostgresServer(self.family, self.lend_port())
        self.at_close(server.stop)
        server.start()
        return server

    @property
    def redis_over_tls(self) -> str:
        """The address of its Redis, running, behind a certificate that nobody vouches for."""
        return self._tls.get(self._start_tls)

    def _start_tls(self) -> str:
        from atelier.harness.tls import TlsListener

        listener = TlsListener(self.redis.port)
        self.at_close(listener.stop)
        return f"rediss://127.0.0.1:{listener.port}"

    @property
    def queue(self) -> Queue:
        """What stands in its Redis, read raw."""
        from atelier.harness.queue import Queue

        return self._queue.get(lambda: Queue(self.redis))

    def migrate(self) -> None:
        """Apply the project's migrations to its database, once."""
        self._database.get(lambda: self.command("flask", "db", "upgrade"))

    def sqlite_database(self) -> Path:
        """Return the file of its database. Raises OurSide when it has none, or another kind."""
        for path in (*self.home.glob("*.db"), *sorted(self.root.rglob("*"))):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    if file.read(len(_SQLITE)) == _SQLITE:
                        return path
        raise OurSide(_("There is no SQLite database in the check's copy of the project."))

    @property
    def web(self) -> Web:
        """Its web server, running, with three products."""
        from atelier.harness.web import start_with_products

        return self._web.get(lambda: start_with_products(self))

    @property
    def api(self) -> Web:
        """Its web server, running, with three rows in its database where it has one."""
        from atelier.harness.products import start_with_rows

        return self._api.get(lambda: start_with_rows(self))

    @property
    def worker(self) -> Worker:
        """Its worker, ready."""
        from atelier.harness.worker import start_worker

        return self._worker.get(lambda: start_worker(self, *self.worker_options))

    @property
    def resting_worker(self) -> Worker:
        """A worker that is ready and takes nothing from the queue until its `begin()`."""
        from atelier.harness.worker import AT_REST, start_worker

        return self._resting_worker.get(lambda: start_worker(self, *AT_REST, *self.worker_options))

    def at_close(self, stop: Callable[[], None]) -> None:
        """Have `stop` called when the world is closed, before what was made earlier stops."""
        self._stops.append(stop)

    def close(self) -> None:
        """End every process and remove the folder."""
        for stop in reversed(self._stops):
            stop()
        self.family.end()
        for port in self._lent:
            port.release()
        self.redis_server.release()
        with contextlib.suppress(FileNotFoundError):
            _open_folders(self.directory)
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> World:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _open_folders(folder: Path) -> None:
    """Let what the program made read-only be removed; folders alone, never what a link leads to."""
    folder.chmod(0o700)
    for parent, names, _files in os.walk(folder):  # top down: each is opened before it is read
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.chmod(0o700)
