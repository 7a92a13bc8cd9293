"""Changes to files that are made as a whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


class Changes:
    """Moves and writes; what ends the `with` block before its end takes them all back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Changes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        while kind is not None and self._undo:
            with contextlib.suppress(OSError):  # what can be put back is
                self._undo.pop()()

    def move(self, old: Path, new: Path) -> None:
        """Give a file or a folder another name, which nothing has. Raises OSError."""
        if new.exists():
            raise FileExistsError(17, "already there", str(new))
        self._undo.append(lambda: old.exists() or new.rename(old))
        old.rename(new)

    def write(self, path: Path, content: bytes) -> None:
        """Write a file, over what it holds, and the folders that it needs. Raises OSError."""
        for folder in reversed([path.parent, *path.parent.parents]):
            if not folder.exists():
                self._undo.append(folder.rmdir)
                folder.mkdir()
        if path.exists():
            before = path.read_bytes()
            self._undo.append(lambda: path.write_bytes(before))
        else:
            self._undo.append(lambda: path.unlink(missing_ok=True))
        path.write_bytes(content)
