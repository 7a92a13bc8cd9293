"""Files laid into a project: only over what a snapshot holds, each as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from atelier.snapshots import LINK, NEW, PROGRAM, Files, Kept, read_file

# A file's new content, None for one that goes away.
Changes = Mapping[str, Kept | None]


class InTheWay(OSError):
    """Something that no snapshot holds stands where a file belongs; it was left alone."""


def lay(folder: Path, changes: Changes, held: Files) -> list[str]:
    """Make the changes below `folder`; return the names of the files that are other now.

    `held` is what the snapshot taken just before holds: nothing else is overwritten or
    removed. Raises InTheWay where that leaves a file undone, after all others; OSError.
    """
    changed: list[str] = []
    refused: list[str] = []
    gone = [name for name, wanted in changes.items() if wanted is None]
    for name in sorted(gone, reverse=True):
        if name in held and _remove(folder, name):
            changed.append(name)
    for name, wanted in sorted(changes.items()):
        if wanted is None or _same(folder, name, wanted):
            continue
        if _make_way(folder, name, held):
            _write(folder / name, wanted)
            changed.append(name)
        else:
            refused.append(name)
    if refused:
        raise InTheWay(0, "something stands in the way of", ", ".join(refused))
    return sorted(changed)


def _same(folder: Path, name: str, wanted: Kept) -> bool:
    if any((folder / parent).is_symlink() for parent in list(Path(name).parents)[:-1]):
        return False
    with contextlib.suppress(OSError):
        return read_file(folder / name) == wanted
    return False


def _remove(folder: Path, name: str) -> bool:
    path = folder / name
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        if path.is_file() or path.is_symlink():
            raise
        return False
    for parent in path.parents:
        if parent == folder or not _empty_out(parent):
            break
    return True


def _empty_out(folder: Path) -> bool:
    """Remove a folder that holds nothing, or only what Python makes anew."""
    try:
        if all(entry.name == "__pycache__" for entry in folder.iterdir()):
            shutil.rmtree(folder)
            return True
    except OSError:
        pass
    return False


def _make_way(folder: Path, name: str, held: Files) -> bool:
    """Make the folders that the file `name` needs; whether it can be written then."""
    folder.mkdir(parents=True, exist_ok=True)
    way = folder
    for part in Path(name).parts[:-1]:
        way /= part
        if way.is_symlink() or (way.exists() and not way.is_dir()):
            if way.relative_to(folder).as_posix() not in held:
                return False
            way.unlink()
        way.mkdir(exist_ok=True)
    path = folder / name
    if path.is_dir() and not path.is_symlink():
        return _empty_out(path)
    return name in held or not os.path.lexists(path)


def _write(path: Path, wanted: Kept) -> None:
    """Write a file beside its place, then put it there: whoever looks sees the old or the new.

    A link is replaced, never followed.
    """
    if wanted.mode == LINK:
        new = path.with_name(NEW + "link")
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(os.fsdecode(wanted.content))
        new.replace(path)
        return
    try:
        before = path.lstat().st_mode
    except FileNotFoundError:
        before = 0
    mode = stat.S_IMODE(before) if stat.S_ISREG(before) else 0o666 & ~_umask()
    readers = (mode & 0o444) >> 2
    mode = mode | readers if wanted.mode == PROGRAM else mode & ~0o111
    handle, name = tempfile.mkstemp(prefix=NEW, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(wanted.content)
        Path(name).chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
