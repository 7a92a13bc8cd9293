"""A Python that is warm: programs start in it with the large libraries imported already.

A Flask app with its database and Celery takes a second of computing to import, and a check
starts several. Where the same environment is to run hundreds of programs (`verify` and the
tests do that, a learner's check never does), one process imports, and forks for each.

What is imported cannot be told from a fresh start but by a program that shadows a module,
or whose variables change how Python starts: those are started afresh. A line of a shell that
only names a program and its arguments, as those of a Procfile, is that program: a shell
would become it. What is forked keeps the
environment that the system shows of the first process: an orphan of it that never called exec
is found by `end_strays`, not by its family's token.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from atelier.harness.family import keep

_SERVER = Path(__file__).with_name("warm_server.py")
# Read when Python, or the C library, starts.
_READ_AT_START = ("PYTHON", "LD_", "DYLD_", "LC_", "LANG", "TZ")
_SWITCHES = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")  # by any text but an empty one
# Of the first the fork makes what Python does; the second is heard of when Python itself crashes.
_MADE_UP_FOR = ("PYTHONPATH", "PYTHONFAULTHANDLER")
_SHELL = ("/bin/sh", "-c")
_PLAIN_WORDS = re.compile(r"[\w./-]+( +[\w./:=,@+-]+)*", re.ASCII)
_OF_SITE = ("sitecustomize", "usercustomize")


class Started(Protocol):
    """A process that was started: what subprocess.Popen and WarmProcess have in common."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, `timeout` seconds at most. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it has ended."""


class WarmProcess:
    """A process that a warm Python forked, by now a child of this one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._lock = threading.Lock()
        self._ends = os.pidfd_open(pid)

    def __del__(self) -> None:
        os.close(self._ends)

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, None while it runs."""
        with self._lock:
            if self._code is None:
                try:
                    pid, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:  # reaped with the strays
                    pid, status = self.pid, signal.SIGKILL
                if pid:
                    self._code = os.waitstatus_to_exitcode(status)
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, `timeout` seconds at most. Raises subprocess.TimeoutExpired."""
        ready = self.poll() is not None or select.select([self._ends], [], [], timeout)[0]
        code = self.poll() if ready else None
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it has ended."""
        with self._lock:
            if self._code is None:
                os.kill(self.pid, sig)


class WarmPython:
    """The warm Python of the environment in the folder `binaries`; `env` is what it begins with."""

    def __init__(self, binaries: Path, env: Mapping[str, str]) -> None:
        self._binaries = binaries
        self._env = dict(env)
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        with theirs:
            # At its end of the channel, when this process ends, it ends too.
            self._process = subprocess.Popen(
                [str(binaries / "python"), str(_SERVER), str(theirs.fileno())],
                cwd="/",
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._answers = self._channel.makefile("r", encoding="utf-8")
        self._modules: frozenset[str] | None = None

    @property
    def pid(self) -> int:
        """The process that forks."""
        return self._process.pid

    def start(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: int
    ) -> WarmProcess | None:
        """Start `command` as Family.start does, or return None where it must start afresh."""
        argv = self._arguments(_without_shell(command, env), cwd)
        if argv is None or _of_start(env) != _of_start(self._env):
            return None
        with self._lock:
            if self._modules is None:
                self._modules = frozenset(json.loads(self._answers.readline() or "[]"))
            if not self._modules or self._modules & _modules_of(cwd, env):
                return None
            request = json.dumps({"argv": argv, "cwd": str(cwd), "env": dict(env)}).encode()
            socket.send_fds(self._channel, [len(request).to_bytes(8)], [output])
            self._channel.sendall(request)
            return WarmProcess(int(self._answers.readline()))

    def _arguments(self, command: Sequence[str], cwd: Path) -> list[str] | None:
        """What comes after `python` in `command`; None when it is no Python program to fork."""
        program, *arguments = command
        path = Path(program)
        # A link to the environment is the environment.
        if not path.is_file() or not path.parent.samefile(self._binaries):
            return None
        if path.name == "python":
            return arguments if _is_plain(arguments, cwd) else None
        python = str(self._binaries / "python")
        with path.open("rb") as file:
            first, second = (file.readline(500).decode("utf-8", "replace") for _line in "12")
        # A first line holds no path with spaces: pip has sh start Python then, on the second.
        by_shell = first == "#!/bin/sh\n" and second.startswith("'''exec'") and python in second
        return [program, *arguments] if by_shell or first == f"#!{python}\n" else None

    def close(self) -> None:
        """End it; what it forked goes on."""
        self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()
        self._process.wait()


def _is_plain(arguments: Sequence[str], cwd: Path) -> bool:
    """Whether Python is told, without further options, the code, module or file to run."""
    match arguments:
        case ["-c" | "-m", _, *_] | ["-P", "-c", _, *_]:
            return True
        case [name, *_]:
            return name.endswith(".py") and (cwd / name).is_file()
    return False


def _without_shell(command: Sequence[str], env: Mapping[str, str]) -> Sequence[str]:
    """The program that a shell would become to run its one line, where that can be told."""
    if tuple(command[:-1]) != _SHELL or not _PLAIN_WORDS.fullmatch(command[-1]):
        return command
    name, *arguments = command[-1].split()
    program = shutil.which(name, path=env.get("PATH", os.defpath))
    return [program, *arguments] if program else command


def _modules_of(cwd: Path, env: Mapping[str, str]) -> set[str]:
    """The names by which a program would import what stands in its own folders.

    A folder without `__init__.py` is found last, after every module of its name.
    """
    folders = [cwd, *(cwd / each for each in env.get("PYTHONPATH", "").split(":") if each)]
    return {
        path.stem
        for folder in folders
        for path in folder.glob("*")
        if not path.is_dir() or (path / "__init__.py").exists()
    }.difference(_OF_SITE)


def _of_start(env: Mapping[str, str]) -> dict[str, str | bool]:
    return {
        name: bool(value) if name in _SWITCHES else value
        for name, value in env.items()
        if name.startswith(_READ_AT_START) and name not in _MADE_UP_FOR
    }


_begun: dict[Path, WarmPython] = {}
_beginning = threading.Lock()


def warm_python(binaries: Path) -> WarmPython:
    """Return this process's own warm Python for an environment, begun when first asked for."""
    from atelier.harness.environment import build_environment

    with _beginning:
        if binaries not in _begun:
            begun = WarmPython(binaries, build_environment(binaries, Path("/"), {}))
            keep(begun.pid)
            _begun[binaries] = begun
        return _begun[binaries]
