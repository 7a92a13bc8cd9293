"""The nearest thing to a container: a folder, a session, a token to find its processes by."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from atelier.harness.deadline import Deadline
from atelier.harness.family import TOKEN, become_subreaper, kill_until_gone, members
from atelier.harness.warm import Started
from atelier.heroku.dyno_log import copy_to_log
from atelier.heroku.logs import AppLog

if TYPE_CHECKING:
    import psutil

_LARGEST_FILE = 512 * 1024  # kilobytes
_LARGEST_DISK = 1024**3  # bytes
_DISK_EVERY = 1.0  # seconds between two looks at it
# The command stands in $0: its text is never part of a text that a shell reads with ours.
_LIMITED = f'ulimit -c 0; ulimit -f {_LARGEST_FILE}; exec "$1" -c "$0"'


def token_prefix(platform_id: str) -> str:
    """Return how the tokens of all the processes of a platform begin."""
    return f"heroku-{platform_id}-"


class StartCommand(Protocol):
    """Starts a command, as a shell reads it, in a session of its own. Raises OSError."""

    def __call__(self, command: str, *, cwd: Path, env: Mapping[str, str], output: int) -> Started:
        """Start `command`; what it prints goes to the descriptor `output`."""


def start_in_shell(
    command: str, *, cwd: Path, env: Mapping[str, str], output: int
) -> subprocess.Popen[bytes]:
    """Start `command` by a shell that limits the size of files. Raises OSError."""
    shell = shutil.which("bash") or "/bin/sh"
    return subprocess.Popen(
        [shell, "-c", _LIMITED, command, shell],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


class Container:
    """One run of one command on a fresh copy of a slug. `start()` once, then it ends."""

    def __init__(self, platform_id: str, folder: Path, source: Path, start: StartCommand) -> None:
        self._start = start
        self._token = token_prefix(platform_id) + secrets.token_hex(8)
        self._folder = folder / secrets.token_hex(4)  # short: sockets' paths may not be long
        self._source = source
        self._process: Started | None = None
        self._reader: threading.Thread | None = None
        self._ending = threading.Lock()
        self._cleared = threading.Event()

    @property
    def root(self) -> Path:
        """The copy of the slug: the working directory and the home of the command."""
        return self._folder / "app"

    def start(
        self, command: str, environment: Mapping[str, str], log: AppLog, process: str
    ) -> None:
        """Start `command` as a shell reads it. Raises OSError."""
        self._folder.mkdir(parents=True)
        shutil.copytree(self._source, self.root, symlinks=True)
        (self._folder / "tmp").mkdir()
        reading, writing = os.pipe()
        try:
            # Orphans of what is started come to this process, where they are found and ended.
            become_subreaper()
            env = {
                **environment,
                "HOME": str(self.root),
                "PYTHONPATH": str(self.root),
                "TMPDIR": str(self._folder / "tmp"),
                TOKEN: self._token,
            }
            self._process = self._start(command, cwd=self.root, env=env, output=writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._reader = threading.Thread(
            target=copy_to_log, args=(reading, log, process), daemon=True
        )
        self._reader.start()
        watching = (log, process, self._process)
        threading.Thread(target=self._watch_disk, args=watching, daemon=True).start()

    def wait(self, seconds: float | None = None) -> int | None:
        """Return the exit status as a shell says it, None while the command still runs."""
        if self._process is None:
            return None
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return 128 - code if code < 0 else code

    def stop(self, grace: float) -> bool:
        """Ask every process to end (SIGTERM); False when some have not ended after `grace`."""
        found = list(self._members())
        for process in found:
            with contextlib.suppress(Exception):
                process.send_signal(signal.SIGTERM)
        deadline = Deadline(grace)
        while list(self._members()):
            if deadline.over:
                return False
            # The main one is waited for; the others are looked for a little later.
            if self.wait(min(0.1, deadline.remaining)) is not None:
                threading.Event().wait(0.02)
        return True

    def kill(self) -> None:
        """End every process at once."""
        if self._process is not None:
            # Looked for while it lives: what was forked has no token, and is known as its child.
            found = list(self._members())
            # By its own object: whoever else waits for it takes its exit status away.
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            for member in found:
                with contextlib.suppress(Exception):
                    member.kill()
        kill_until_gone(self._members)

    def clear(self) -> None:
        """End what is left, take the last of its output, and remove its files."""
        self._cleared.set()
        with self._ending:
            if self._process is not None:
                self.kill()
                self._process.wait()
                _bury_orphans(self._process.pid)
            if self._reader is not None:
                self._reader.join(2.0)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _watch_disk(self, log: AppLog, name: str, process: Started) -> None:
        """End what fills the disk, from its first moment to its last."""
        while not self._cleared.wait(_DISK_EVERY) and process.poll() is None:
            if self._disk_is_full:
                log.write("heroku", name, "Error: the files of this dyno take more than 1 GB")
                log.write("heroku", name, "Stopping process with SIGKILL")
                self.kill()

    @property
    def _disk_is_full(self) -> bool:
        total = 0
        for root, _folders, files in os.walk(self._folder):
            for name in files:
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(root, name)).st_blocks * 512  # noqa: PTH118
            if total > _LARGEST_DISK:
                return True
        return False

    def _members(self) -> Iterator[psutil.Process]:
        process = self._process
        if process is None:
            return
        roots = {process.pid} if process.poll() is None else set()
        ours = become_subreaper()
        yield from members(roots, {process.pid}, self._token, orphans_are_ours=ours)


def _bury_orphans(session: int) -> None:
    """Take the exit status of ended processes of a session that came to this process."""
    import psutil

    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error, OSError):
            if child.status() == psutil.STATUS_ZOMBIE and os.getsid(child.pid) == session:
                os.waitpid(child.pid, os.WNOHANG)


def end_former_life(platform_id: str, folder: Path) -> int:
    """End the processes that a killed platform left behind; return how many there were."""
    import psutil

    ended: set[int] = set()

    def left() -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and (
                    process.environ().get(TOKEN, "").startswith(token_prefix(platform_id))
                    or folder in Path(process.cwd()).parents
                ):
                    ended.add(process.pid)
                    yield process
            except (psutil.Error, OSError):
                continue

    kill_until_gone(left)
    return len(ended)
