"""The solution branches come out the same on every machine, with the files of the trees."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from atelier.branches import NOT_COMMITTED, branch_of, write_branches
from atelier.course import Course
from atelier.git import git, is_repository

# Another user on another machine: nothing of theirs may reach a branch.
_CONFIG = """\
[user]
    name = Somebody Else
    email = somebody@example.org
[core]
    autocrlf = true
[commit]
    gpgSign = true
[i18n]
    commitEncoding = latin-1
"""
_PUBLISHED = ("refs/heads/solution/", "refs/remotes/*/solution/*")


def branch_defects(course: Course) -> Iterator[str]:
    """Yield branches that differ: from one machine to another, from the trees, from the course.

    The last are those that the workshop's own repository has. Raises GitFailed.
    """
    with TemporaryDirectory(prefix="branches-") as scratch:
        folder = Path(scratch).resolve()
        ours = _written(course, folder / "ours")
        with _another_machine(folder):
            theirs = _written(course, folder / "theirs")
        yield from _unlike_trees(course, folder / "ours")
    for name, commit in ours.items():
        if theirs.get(name) != commit:
            yield f"{name}: {commit} here, {theirs.get(name)} on another machine"
    if is_repository(course.root):
        for name, commit in _heads(course.root, *_PUBLISHED).items():
            wanted = ours.get(name[name.index("solution/") :])
            if commit != wanted:
                yield (
                    f"{name}: is at {commit}, and the course gives {wanted or 'no such branch'}; "
                    "run: pipenv run atelier branches --repo ."
                )


def _written(course: Course, repository: Path) -> dict[str, str]:
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch=main", "--template=")
    write_branches(course, repository)
    return _heads(repository, _PUBLISHED[0])


@contextmanager
def _another_machine(folder: Path) -> Iterator[None]:
    config = folder / "gitconfig"
    config.write_text(_CONFIG, "utf-8")
    other = {"GIT_CONFIG_GLOBAL": str(config), "GIT_AUTHOR_NAME": "Somebody", "TZ": "Asia/Tokyo"}
    before = {name: os.environ.get(name) for name in other}
    _set({**other})
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _heads(repository: Path, *patterns: str) -> dict[str, str]:
    listed = git(repository, "for-each-ref", "--format=%(refname:short) %(objectname)", *patterns)
    return dict(line.rsplit(" ", 1) for line in listed.splitlines())


def _unlike_trees(course: Course, repository: Path) -> Iterator[str]:
    for step in course.steps:
        branch = branch_of(step)
        wanted = {
            name: _blob(content)
            for name, content in course.tree(step).items()
            if name not in NOT_COMMITTED
        }
        listed = git(repository, "ls-tree", "-r", "-z", branch)
        there = {
            name: fields.split()[2]
            for fields, _tab, name in (line.partition("\t") for line in listed.split("\0") if line)
        }
        for name in sorted(set(wanted) | set(there)):
            if wanted.get(name) != there.get(name):
                yield f"{branch}: {name} is not as in the tree of {step.name}"


def _blob(content: bytes) -> str:
    """The name that git gives to a file's content (gitformat-pack(5), "Object types")."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
