"""A terminal with a real shell in it, typed into and read as a learner does.

The shell runs in a pseudo-terminal of its own: Ctrl-C is the key, which the system turns
into SIGINT for what runs in the foreground, and a program sees a terminal, as it will with
a learner. What is typed is not echoed, so that what is read is what was printed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from atelier.follow.expect import readable
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.output import Output

# The prompt tells the end of a command and its exit code, between two bytes that no program
# prints.
_PROMPT = re.compile("\x1e(\\d+)\x1e")
_PYTHON_PROMPT = re.compile(r"(?:^|\n)(?:>>> |\.\.\. )\Z")
_SHELLS = {
    "bash": (
        ["bash", "--noprofile", "--norc", "--noediting", "-i"],
        r"PS1=$'\036$?\036' PS2=; unset PROMPT_COMMAND",
    ),
    "zsh": (
        ["zsh", "-f", "-i", "+o", "zle"],
        r"PROMPT=$'\036%?\036' PS2=; unsetopt prompt_cr prompt_sp",
    ),
}
SHELLS = tuple(_SHELLS)
_ROWS, _COLUMNS = 50, 1000  # no line of a lesson is wrapped
_LOOK_EVERY = 0.05  # seconds
_STARTS_WITHIN = 20.0
_CTRL_C = "\x03"
# Makes the pseudo-terminal on its output the one that controls it, and reads from it. A shell
# keeps a SIGINT ignored that was ignored before it, as in what a script runs with `&`.
_TAKE_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(1, termios.TIOCSCTTY, 0)
os.dup2(1, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class TooLong(Exception):
    """What was waited for did not come; the terminal is as it is."""


class Terminal:
    """One terminal, its shell in `folder`."""

    def __init__(self, family: Family, shell: str, folder: Path, env: Mapping[str, str]) -> None:
        command, settings = _SHELLS[shell]
        leader, follower = os.openpty()
        try:
            attributes = termios.tcgetattr(follower)
            attributes[3] &= ~termios.ECHO
            termios.tcsetattr(follower, termios.TCSANOW, attributes)
            size = struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0)
            fcntl.ioctl(follower, termios.TIOCSWINSZ, size)
            wrapped = [sys.executable, "-I", "-c", _TAKE_TERMINAL, *command]
            family.start(wrapped, cwd=folder, env=env, output=follower)
        except BaseException:
            os.close(leader)
            raise
        finally:
            os.close(follower)
        self._keyboard = os.dup(leader)
        self._output = Output(leader)
        self._read = 0  # up to where the raw output was taken
        self._folder = folder
        self.running: str | None = None  # the long-running command
        self.in_python = False
        self.looked = 0  # up to where `shown` was looked at
        self._type(settings)
        self._prompt(Deadline(_STARTS_WITHIN))
        self._began = self._read  # above is the shell's own prompt

    @property
    def shown(self) -> str:
        """All that it shows."""
        return readable(_PROMPT.sub("", self._output.text[self._began :]))

    def go_to(self, folder: Path) -> None:
        """Be in `folder`: where the learner opened this terminal."""
        if folder != self._folder:
            self.run(f"cd {shlex.quote(str(folder))}", Deadline(_STARTS_WITHIN))
            self._folder = folder

    def run(self, command: str, deadline: Deadline) -> tuple[str, int]:
        """Run `command` to its end; return what it printed and its exit code. Raises TooLong."""
        self._type(command)
        return self._prompt(deadline)

    def start(self, command: str, ready: str, deadline: Deadline) -> tuple[str, int] | None:
        """Start a long-running `command` and wait until it shows `ready`.

        Returns None, or what it printed and its exit code when it ended. Raises TooLong.
        """
        self._type(command)
        self.running = command

        def up(new: str) -> bool:
            return ready in readable(new) or _PROMPT.search(new) is not None

        new = self._wait(up, deadline)
        if _PROMPT.search(new) is None:
            return None
        self.running = None
        return self._prompt(deadline)

    def start_python(self, command: str, deadline: Deadline) -> tuple[str, int | None]:
        """Start a Python shell; return what it printed, and its exit code if it ended."""
        self._type(command)
        new = self._wait(lambda new: bool(_at_python(new) or _PROMPT.search(new)), deadline)
        if _PROMPT.search(new):
            return self._prompt(deadline)
        self.in_python = True
        self._read += len(new)
        return _before_python_prompt(new), None

    def type_python(self, lines: list[str], deadline: Deadline) -> str:
        """Type a statement into the Python shell and return the answer. Raises TooLong."""
        answer = ""
        for line in lines:
            self._type(line)
            new = self._wait(lambda new: bool(_at_python(new) or _PROMPT.search(new)), deadline)
            if _PROMPT.search(new):
                self.in_python = False
                return answer + self._prompt(deadline)[0]
            self._read += len(new)
            answer += _before_python_prompt(new)
        return answer

    def leave_python(self, deadline: Deadline) -> None:
        """Leave the Python shell. Raises TooLong."""
        self._type("exit()")
        self._prompt(deadline)
        self.in_python = False

    def press_ctrl_c(self, times: int, deadline: Deadline) -> tuple[str, int]:
        """Press Ctrl-C and wait for the prompt. Raises TooLong."""
        self.looked = len(self.shown)
        for _time in range(times):
            before = len(self._output.text)
            self._write(_CTRL_C)
            self._see_something(before)
        ended = self._prompt(deadline)
        self.running = None
        return ended

    def kill(self, deadline: Deadline) -> None:
        """End what runs in the foreground as `kill -9` does. Raises TooLong."""
        self.looked = len(self.shown)
        os.kill(os.tcgetpgrp(self._keyboard), signal.SIGKILL)
        self._prompt(deadline)
        self.running = None

    def unread(self) -> str:
        """Return what was printed since the last command was typed."""
        return readable(_PROMPT.sub("", self._output.text[self._read :]))

    def close(self) -> None:
        """Leave what runs, as a learner does at the end of a lesson."""
        with contextlib.suppress(TooLong, OSError):
            if self.in_python:
                self.leave_python(Deadline(10))
            elif self.running:
                self.press_ctrl_c(1, Deadline(30))
        with contextlib.suppress(OSError):
            os.close(self._keyboard)

    def _type(self, line: str) -> None:
        self._write(line + "\n")

    def _write(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def _prompt(self, deadline: Deadline) -> tuple[str, int]:
        new = self._wait(lambda new: _PROMPT.search(new) is not None, deadline)
        match = _PROMPT.search(new)
        assert match is not None
        self._read += match.end()
        return readable(new[: match.start()]), int(match[1])

    def _wait(self, there: Callable[[str], bool], deadline: Deadline) -> str:
        """Wait until `there` is true of the output not read yet, and return that output."""
        self._until(lambda: there(self._output.text[self._read :]), deadline)
        return self._output.text[self._read :]

    def _see_something(self, before: int) -> None:
        """Wait a moment: two signals of one kind are one as long as the first was not taken."""
        with contextlib.suppress(TooLong):
            self._until(lambda: len(self._output.text) > before, Deadline(1.0))

    def _until(self, there: Callable[[], bool], deadline: Deadline) -> None:
        while not there():
            if deadline.over:
                raise TooLong
            time.sleep(_LOOK_EVERY)


def _at_python(new: str) -> bool:
    return _PYTHON_PROMPT.search(readable(new)) is not None


def _before_python_prompt(new: str) -> str:
    return _PYTHON_PROMPT.sub("\n", readable(new))
