"""A terminal taken over for a while: whole screens drawn, single keys read, all put back."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any

import click

from atelier.terminal import writable
from atelier.watch.view import Line

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_NAMED = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b": "escape",
    " ": "pagedown",
    "k": "up",
    "j": "down",
}


def suits() -> bool:
    """Whether stdout is a terminal that whole screens can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


class Screen:
    """A context manager: `draw` shows lines, `key` is called with each key that is pressed."""

    def __init__(self, key: Callable[[str], None], resized: Callable[[], None]) -> None:
        self._key = key
        self._resized = resized
        self._colours = "NO_COLOR" not in os.environ  # https://no-color.org
        self._has_keys = sys.stdin.isatty()
        self._before: list[Any] | None = None
        self._signals: dict[int, Any] = {}
        self._done = threading.Event()
        self._shown: list[str] = []

    def __enter__(self) -> Screen:
        self._take()
        for number, handler in (
            (signal.SIGWINCH, self._on_resize),
            (signal.SIGCONT, self._on_continue),
        ):
            self._signals[number] = signal.signal(number, handler)
        if self._has_keys:
            threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        for number, handler in self._signals.items():
            signal.signal(number, handler)
        self._write(_LEAVE)
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""
        return shutil.get_terminal_size()

    def draw(self, lines: Sequence[Line]) -> None:
        """Show these lines and nothing else."""
        width, height = self.size
        shown = [self._styled(line, width) for line in lines[:height]]
        if shown == self._shown:
            return
        self._shown = shown
        self._write("\x1b[H" + "\r\n".join(f"{line}\x1b[K" for line in shown) + "\x1b[J")

    def _styled(self, line: Line, width: int) -> str:
        text = writable(line.text)
        text = text if "\x1b" in text else text[:width]  # what is styled already was fitted
        if not self._colours or not text:
            return text
        return click.style(text, fg=line.colour, bold=line.bold or None, dim=line.dim or None)

    def _take(self) -> None:
        if self._has_keys:
            with contextlib.suppress(termios.error):
                self._before = self._before or termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)  # Ctrl-C stays an interrupt
        self._write(_ENTER)

    def _on_resize(self, _number: int, _frame: FrameType | None) -> None:
        self._shown = []
        self._resized()

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        self._take()  # after Ctrl-Z and fg
        self._on_resize(number, frame)

    def _read(self) -> None:
        descriptor = sys.stdin.fileno()
        while not self._done.is_set():
            ready, _writers, _errors = select.select([descriptor], [], [], 0.2)
            if not ready:
                continue
            try:
                pressed = os.read(descriptor, 32).decode("utf-8", "replace")
            except OSError:
                pressed = ""
            if not pressed:  # the terminal was closed
                self._key("q")
                return
            if pressed in _NAMED:
                self._key(pressed if pressed in "jk " else _NAMED[pressed])
            else:
                for each in pressed:
                    self._key(each)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.write(text)
            sys.stdout.flush()


def scrolled(key: str) -> int | None:
    """Return how many lines the key `key` scrolls (pages are 1000), None when it does not."""
    name = _NAMED.get(key, key)
    return {"up": -1, "down": 1, "pageup": -1000, "pagedown": 1000}.get(name)
