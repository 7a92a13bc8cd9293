"""Watch mode in a real terminal, on a small course: keys in, screens out."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from atelier.course import Course
from atelier.project import create_project
from atelier.state import Progress, State
from tests.small_course import small_course

WITHIN = 30.0  # seconds, for what takes one on a quiet machine
# The command on another course than this workshop's.
COMMAND = """
import sys
from pathlib import Path
import atelier.course
atelier.course.workshop_root = lambda: Path(sys.argv[1])
from atelier.cli import run
sys.exit(run(sys.argv[2:]))
"""


def small_project(folder: Path) -> tuple[Course, Path]:
    """Write a small course below `folder`, and a project at the start of its first step."""
    course = small_course(folder / "workshop")
    project = (folder / "shop").resolve()
    create_project(course, project, course.first)
    State(course.root).remember(project, Progress(course.first.slug))
    return course, project


def command(course: Course, *arguments: str) -> list[str]:
    """Return the command line of `atelier` on `course`."""
    return [sys.executable, "-c", COMMAND, str(course.root), *arguments]


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, command: list[str], *, columns: int = 90, lines: int = 30) -> None:
        self._master, slave = pty.openpty()
        self.resize(columns, lines, told=False)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"},
            start_new_session=True,
            close_fds=True,
        )
        os.close(slave)
        self.output = ""

    def resize(self, columns: int, lines: int, *, told: bool = True) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if told:
            self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    @property
    def screen(self) -> str:
        """What the last drawing shows, without its styles."""
        drawn = self.output.rpartition("\x1b[H")[2]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn).replace("\r", "")

    def shows(self, *words: str) -> str:
        """Wait until a whole screen with all these words is drawn, and return it."""
        end = time.monotonic() + WITHIN
        while True:
            whole = self.output.endswith("\x1b[J")
            if whole and all(word in self.screen for word in words):
                return self.screen
            left = end - time.monotonic()
            assert left > 0, f"{words} not in:\n{self.screen}"
            if select.select([self._master], [], [], left)[0]:
                self._read()

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        code = self.process.wait(WITHIN)
        os.close(self._master)
        return code

    def _read(self) -> bool:
        try:
            read = os.read(self._master, 65536)
        except OSError:  # Linux: nobody writes any more
            return False
        self.output += read.decode("utf-8", "replace")
        return bool(read)
