"""Says when a file of a project is saved: by the file system's events, else by looking often.

Events tell at once, but some file systems send none (WSL's /mnt, network shares, containers).
So the files' times and sizes are compared as well: where they tell of a save and no event does,
this looks every quarter of a second from then on.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from fnmatch import fnmatch
from pathlib import Path

_LOOK_EVERY = 0.25  # seconds, where there are no events
_PATIENCE = 700  # milliseconds without an event after which the files are looked at
_LEFT_OUT = frozenset(
    {".git", ".venv", "venv", "node_modules", "instance", "__pycache__", ".pytest_cache"}
    | {".mypy_cache", ".ruff_cache", ".idea", ".vscode"}
)
# What running programs and editors write without being asked.
_NOT_SAVED = ("*.pyc", "*.log", "*.db", "*.db-*", "*.sqlite3", "*.rdb", "*.swp", "*~", "4913")
# A commit, a branch, packages that were installed: they change verdicts too.
_OF_GIT = (".git/HEAD", ".git/index", ".git/logs/HEAD")


class Change(Enum):
    """What happened."""

    SAVED = "saved"
    GONE = "gone"
    BACK = "back"
    POLLING = "polling"


Fingerprint = dict[str, tuple[int, ...]]


class Changes:
    """Watches the project in `folder` from a thread of its own until `stop`."""

    def __init__(self, folder: Path, tell: Callable[[Change], None], *, events: bool = True):
        """Call `tell` for each change; `events` false looks from the start."""
        self._folder = folder
        self._tell = tell
        self._events = events
        self._stop = threading.Event()
        self._last = fingerprint(folder)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._folder.is_dir():
                self._wait_for_the_folder()
            elif self._events:
                try:
                    self._listen()
                except (OSError, RuntimeError):  # no events here, or no more of them (a limit)
                    if self._folder.is_dir():
                        self._poll_from_now_on()
                    time.sleep(0.05)
            else:
                self._stop.wait(_LOOK_EVERY)
                self._look()

    def _wait_for_the_folder(self) -> None:
        self._tell(Change.GONE)
        while not self._folder.is_dir():
            if self._stop.wait(_LOOK_EVERY):
                return
        self._last = fingerprint(self._folder)
        self._tell(Change.BACK)

    def _poll_from_now_on(self) -> None:
        self._events = False
        self._tell(Change.POLLING)

    def _look(self) -> bool:
        """Compare the files with the last look, and tell; whether something was saved."""
        now = fingerprint(self._folder)
        if now == self._last or not self._folder.is_dir():
            return False
        self._last = now
        self._tell(Change.SAVED)
        return True

    def _listen(self) -> None:
        """Wait for events until the folders change, or the project is gone."""
        from watchfiles import watch

        folders = list(_folders(self._folder))
        silent = 0
        first = True
        for events in watch(
            *folders,
            watch_filter=None,
            debounce=150,
            step=20,
            stop_event=self._stop,
            rust_timeout=_PATIENCE,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
        ):
            if not self._folder.is_dir():
                return
            saved = self._look()
            # One save may fall between two looks; two in a row, and no event comes here.
            if events:
                silent = 0
            elif saved and not first:
                silent += 1
            if silent >= 2:
                self._poll_from_now_on()
                return
            first = False
            if list(_folders(self._folder)) != folders:
                return


def _folders(root: Path) -> Iterator[Path]:
    yield root
    for folder in (root / ".git", root / ".git" / "logs", *_packages(root)):
        if folder.is_dir():
            yield folder
    pending = [root]
    while pending:
        try:
            entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name not in _LEFT_OUT and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
                pending.append(Path(entry.path))


def _packages(root: Path) -> list[Path]:
    return sorted(root.glob(".venv/lib/python*/site-packages"))


def fingerprint(root: Path) -> Fingerprint:
    """Return the time and size of each file whose change matters; empty without the folder."""
    found: Fingerprint = {}
    pending = [root]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _LEFT_OUT:
                        pending.append(Path(entry.path))
                elif not any(fnmatch(entry.name, pattern) for pattern in _NOT_SAVED):
                    found[entry.path] = _stamp(entry.stat())
            except OSError:
                continue
    for path in (*(root / name for name in _OF_GIT), *_packages(root)):
        try:
            found[str(path)] = _stamp(path.stat())
        except OSError:
            continue
    return found


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)
