"""Every process that a check started, and whatever those started: found, and ended.

On Linux this process becomes a subreaper (prctl(2)): an orphan, even one that changed its
session, becomes our child and is found. Everywhere, the environment carries a token, by
which processes are found that are no descendants any more.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    import psutil

    from atelier.harness.warm import Started, WarmPython

TOKEN = "ATELIER_RUN"
_PR_SET_CHILD_SUBREAPER = 36
_END_WITHIN = 5.0  # seconds for the kernel to end what was killed


class Family:
    """The processes of one world. `end()` leaves none of them.

    Its Python programs are forked from `warm` where that is given and can do it.
    """

    def __init__(self, warm: WarmPython | None = None) -> None:
        # The process id lets a later run recognise what a killed run left behind.
        self.token = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._started: list[Started] = []
        self._warm = warm
        self._lock = threading.Lock()
        self._ended = False
        self._born = become_subreaper()

    def start(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: int
    ) -> Started:
        """Start `command` in a session of its own, its output on the descriptor `output`.

        Raises FamilyEnded once `end()` was called, OSError when the command cannot start.
        """
        with self._lock:
            if self._ended:
                raise FamilyEnded
            ours = {**env, TOKEN: self.token}
            process: Started | None = None
            if self._warm is not None and self._born:
                process = self._warm.start(command, cwd=cwd, env=ours, output=output)
            if process is None:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=ours,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            self._started.append(process)
            return process

    def end(self) -> None:
        """Kill every member, again and again until none is left."""
        with self._lock:
            self._ended = True
            started = list(self._started)
        if not started:
            return
        for process in started:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
        kill_until_gone(self._members)
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_WITHIN)

    def _members(self) -> Iterator[psutil.Process]:
        alive = {process.pid for process in self._started if process.poll() is None}
        sessions = {process.pid for process in self._started}
        yield from members(alive, sessions, self.token, orphans_are_ours=self._born)


class FamilyEnded(Exception):
    """A process was asked for after the check that it belonged to had ended."""


def members(
    roots: set[int], sessions: set[int], token: str, *, orphans_are_ours: bool
) -> Iterator[psutil.Process]:
    """Yield the processes in `roots`, their descendants, and those that carry `token`.

    A program that writes its title over its environment, as a Redis server does, carries no
    token any more. As an orphan of ours it is known by its session, one of `sessions`.
    """
    import psutil

    if orphans_are_ours:
        candidates = psutil.Process().children(recursive=True)
    else:
        # Among all processes of the machine, the number of a session may be somebody else's.
        candidates, sessions = list(psutil.process_iter()), set()
    ours = set(roots)
    for process in candidates:  # parents come before their children
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if (
                process.pid in ours
                or process.ppid() in ours
                or os.getsid(process.pid) in sessions
                or _carries(process, token)
            ):
                ours.add(process.pid)
                yield process


def _carries(process: psutil.Process, token: str) -> bool:
    import psutil

    try:
        return process.environ().get(TOKEN) == token
    except (psutil.Error, OSError):
        return False


def kill_until_gone(find: Callable[[], Iterable[psutil.Process]]) -> None:
    """Kill what `find()` yields until it yields nothing (a dying process may still fork)."""
    import psutil

    deadline = Deadline(_END_WITHIN)
    while not deadline.over:
        found = list(find())
        if not found:
            return
        for process in found:
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        psutil.wait_procs(found, timeout=deadline.remaining)


def end_strays() -> None:
    """End the orphans that came to this process with no token left on them.

    For a process that starts nothing but families, and what it told to `keep`, after the
    families have all ended. Does nothing where there is no subreaper: a stray is not our
    child there.
    """
    if not become_subreaper():
        return
    import psutil

    def strays() -> list[psutil.Process]:
        children = psutil.Process().children(recursive=True)
        return [child for child in children if child.pid not in _kept and _alive(child)]

    kill_until_gone(strays)


_kept: set[int] = set()


def keep(pid: int) -> None:
    """Have `end_strays` leave a child of this process that serves it to its end."""
    _kept.add(pid)


def _alive(process: psutil.Process) -> bool:
    import psutil

    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
    except psutil.Error:
        pass
    return False


_is_subreaper: bool | None = None


def become_subreaper() -> bool:
    """Make this process the parent of its orphans; False where the system has no such thing."""
    global _is_subreaper  # noqa: PLW0603 - a fact about this process, asked for once
    if _is_subreaper is None:
        _is_subreaper = False
        if sys.platform == "linux":
            with contextlib.suppress(OSError, AttributeError):
                libc = ctypes.CDLL(None, use_errno=True)
                _is_subreaper = libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    return _is_subreaper
