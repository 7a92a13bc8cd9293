"""Snapshots of a learner's project, taken before a command changes it; `undo` brings one back.

They stand in a bare repository of the tool's own, in the user's data folder: no push carries
them, and they outlive the project. git reads the project to name its files; the project's
index, branches and stash are never touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from atelier.course import Course
from atelier.git import EMAIL, NAME, GitFailed, git, git_bytes
from atelier.paths import data_directory

FILE, PROGRAM, LINK = "100644", "100755", "120000"  # the modes of git-fast-import(1)
# What `lay` writes beside a file before it takes its place; left there only by a kill.
NEW = ".atelier-new-"
# SQLite's files: ignored by git, but they go with the migrations that made them.
DATABASES = ("instance/*.db*", "instance/*.sqlite*")

_REFS = "refs/snapshots/"
_NEVER = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules"})
# The folder may be another user's (WSL, a shared disk): nothing of it is run.
_SAFELY = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
_READ_ONLY = {"GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True)
class Kept:
    """One file of a snapshot: its mode, and its bytes or what the link says."""

    mode: str
    content: bytes


Files = Mapping[str, Kept]


@dataclass(frozen=True)
class Snapshot:
    """A project's files as they stood before the command `before`, at the step `step`."""

    number: int  # the first is 1; a number never changes
    commit: str
    tree: str
    taken: float  # seconds since the epoch
    before: str
    step: str | None


def take(course: Course, folder: Path, before: str, step: str | None = None) -> Snapshot:
    """Keep the project in `folder` and return the snapshot.

    Kept are every file that git does not ignore, every file of a step's tree (`.env`), and
    SQLite databases. Raises GitFailed, OSError: then nothing may be changed.
    """
    repository = snapshots_of(folder)
    _make(repository)
    kept = read(course, folder)
    earlier = listed(folder)
    # Also when the clock was set back: the last one taken is the last one listed.
    taken = max([time.time_ns(), *(int(known.taken * 1e9) + 1000 for known in earlier[-1:])])
    message = json.dumps({"before": before, "step": step}).encode()
    parts = [
        b"feature done\n",
        f"commit {_REFS}{taken:020d}\n".encode(),
        f"committer {NAME} <{EMAIL}> {taken // 10**9} +0000\n".encode(),
        b"data %d\n%b\n" % (len(message), message),
        b"deleteall\n",
    ]
    for name, file in sorted(kept.items()):
        parts.append(f"M {file.mode} inline ".encode() + _quoted(name) + b"\n")
        parts.append(b"data %d\n%b\n" % (len(file.content), file.content))
    parts.append(b"done\n")
    # A name that another system could not have is kept all the same.
    options = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    _git(repository, *options, "fast-import", "--quiet", "--force", stdin=b"".join(parts))
    return listed(folder)[-1]


def listed(folder: Path) -> list[Snapshot]:
    """Return the snapshots of the project in `folder`, the oldest first. Raises GitFailed."""
    repository = snapshots_of(folder)
    if not _complete(repository):
        return []
    form = "--format=%(refname)%00%(objectname)%00%(tree)%00%(contents:subject)"
    lines = _git(repository, "for-each-ref", "--sort=refname", form, _REFS).decode().splitlines()
    found = []
    for number, line in enumerate(lines, start=1):
        ref, commit, tree, subject = line.split("\0")
        try:
            about = json.loads(subject)
        except ValueError:
            about = {"before": subject}
        taken = int(ref.removeprefix(_REFS)) / 1e9
        found.append(
            Snapshot(number, commit, tree, taken, about.get("before", ""), about.get("step"))
        )
    return found


def files_of(folder: Path, snapshot: Snapshot) -> dict[str, Kept]:
    """Return the files of a snapshot of the project in `folder`. Raises GitFailed."""
    repository = snapshots_of(folder)
    entries = _git(repository, "ls-tree", "-r", "-z", snapshot.commit).split(b"\0")[:-1]
    heads = [entry.partition(b"\t") for entry in entries]
    wanted = b"".join(head.split(b" ")[2] + b"\n" for head, _tab, _name in heads)
    out = _git(repository, "cat-file", "--batch", stdin=wanted)
    files, at = {}, 0
    for head, _tab, name in heads:
        end = out.index(b"\n", at)
        size = int(out[at:end].rsplit(b" ", 1)[1])
        content = out[end + 1 : end + 1 + size]
        files[os.fsdecode(name)] = Kept(head.split(b" ")[0].decode(), content)
        at = end + 1 + size + 1
    return files


def snapshots_of(folder: Path) -> Path:
    """Return the repository that keeps the snapshots of the project in `folder`."""
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return data_directory() / "snapshots" / f"{folder.name}-{key}.git"


def read(course: Course, folder: Path) -> dict[str, Kept]:
    """Return the files of the project that a snapshot keeps, as they stand.

    A file that may not be read is left out: nothing of ours touches what no snapshot holds.
    """
    found: dict[str, Kept] = {}
    for name in sorted(_names(course, folder)):
        if not _beyond_a_link(folder, name):
            with contextlib.suppress(OSError):
                kept = read_file(folder / name)
                if kept is not None:
                    found[name] = kept
    return found


def _complete(repository: Path) -> bool:
    return all((repository / name).exists() for name in ("config", "HEAD", "objects", "refs"))


def _make(repository: Path) -> None:
    if _complete(repository):
        return
    repository.mkdir(parents=True, exist_ok=True)
    git(repository, "init", "--quiet", "--bare", "--template=")


def _git(repository: Path, *words: str, stdin: bytes | None = None) -> bytes:
    """Run git on this repository and no other, should it be damaged."""
    return git_bytes(repository, *words, stdin=stdin, env={"GIT_DIR": str(repository)})


def _names(course: Course, folder: Path) -> set[str]:
    """The files to keep, by name: those of git, of the steps, and the databases."""
    if not folder.is_dir():
        return set()
    names = set(course.files) | {
        path.relative_to(folder).as_posix()
        for pattern in DATABASES
        for path in folder.glob(pattern)
    }
    for name in _told_by_git(folder):
        path = folder / name
        if path.is_dir() and not path.is_symlink():  # a repository of its own, or a submodule
            names |= {other.relative_to(folder).as_posix() for other in _below(path)}
        else:
            names.add(name)
    return {
        name
        for name in names
        if ".git" not in name.lower().split("/") and not Path(name).name.startswith(NEW)
    }


def _told_by_git(folder: Path) -> Iterable[str]:
    """What git tracks and what it does not ignore; all there is where git cannot be asked."""
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
    # By the repository of the project itself, not by one that the project merely lies in.
    with contextlib.suppress(GitFailed, OSError):
        top = git(folder, *_SAFELY, "rev-parse", "--show-toplevel", env=_READ_ONLY)
        if Path(top).resolve() == folder.resolve():
            out = git_bytes(folder, *_SAFELY, *listing, env=_READ_ONLY)
            return [os.fsdecode(name).rstrip("/") for name in out.split(b"\0") if name]
    return [path.relative_to(folder).as_posix() for path in _below(folder)]


def _below(folder: Path) -> Iterator[Path]:
    """Yield every file and link below `folder`, but for what can be made anew."""
    for parent, folders, files in os.walk(folder):
        for name in list(folders):
            if name in _NEVER or Path(parent, name).is_symlink():
                folders.remove(name)
                if name not in _NEVER:
                    yield Path(parent, name)
        for name in files:
            yield Path(parent, name)


def _beyond_a_link(folder: Path, name: str) -> bool:
    """Whether a folder on the way to the file `name` is a link: what is there is not ours."""
    parents = Path(name).parents
    return any((folder / parent).is_symlink() for parent in list(parents)[:-1])


def read_file(path: Path) -> Kept | None:
    """Return the file as it is kept, None where there is none, or something else (a socket)."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return Kept(LINK, os.fsencode(path.readlink()))
    if not stat.S_ISREG(mode):
        return None
    return Kept(PROGRAM if mode & stat.S_IXUSR else FILE, path.read_bytes())


def _quoted(name: str) -> bytes:
    """A path as git-fast-import(1) reads it, whatever stands in it."""
    raw = os.fsencode(name).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + raw.replace(b"\n", b"\\n") + b'"'
