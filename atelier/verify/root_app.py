"""The finished app at the root of the workshop is what the last step's learner has."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from atelier.course import Course

# Compared by their content below, or never committed at the root: .env, and .python-version,
# by which pyenv would refuse `python3` to whoever has another one of those that serve.
_APART = frozenset({"Pipfile", "Pipfile.lock", ".gitignore", ".env", ".python-version"})
_LEARNERS_OWN_TESTS = "test_*.py"  # at the root they would be taken for the tool's


def root_defects(course: Course) -> Iterator[str]:
    """Yield where the app at the root is not the last tree.

    Its `[dev-packages]`, the lock's `develop` part and the learner's own tests are not
    compared: at the root these are the tool's.
    """
    last = course.steps[-1]
    tree = course.tree(last)
    source = f"the tree of {last.name}"
    for name, content in sorted(tree.items()):
        if name in _APART or fnmatch(name, _LEARNERS_OWN_TESTS):
            continue
        path = course.root / name
        if not path.is_file():
            yield f"{name}: is in {source} and not at the root; copy it there"
        elif path.read_bytes() != content:
            line = _first_difference(path.read_bytes(), content)
            yield f"{name}:{line}: differs from {source}; copy it from solutions/ to the root"
    yield from _ignored(course.root, tree.get(".gitignore", b""))
    if "Pipfile" in tree:
        yield from _packages(course.root, tree["Pipfile"], tree.get("Pipfile.lock", b"{}"), source)


def _first_difference(ours: bytes, wanted: bytes) -> int:
    """The number of the first line that differs."""
    lines = zip(ours.splitlines(), wanted.splitlines(), strict=False)
    same = [one == other for one, other in lines]
    return same.index(False) + 1 if False in same else len(same) + 1


def _ignored(root: Path, wanted: bytes) -> Iterator[str]:
    file = root / ".gitignore"
    ours = set(file.read_text("utf-8").splitlines()) if file.is_file() else set()
    for line in wanted.decode().splitlines():
        if line not in ours:
            yield f".gitignore: lacks {line}, which the learner's has"


def _packages(root: Path, pipfile: bytes, lock: bytes, source: str) -> Iterator[str]:
    def packages(text: str) -> Any:
        return tomllib.loads(text).get("packages", {})

    def locked(text: str) -> Any:
        return json.loads(text).get("default", {})

    for name, read, wanted in (("Pipfile", packages, pipfile), ("Pipfile.lock", locked, lock)):
        file = root / name
        ours = read(file.read_text("utf-8")) if file.is_file() else {}
        theirs = read(wanted.decode())
        for package in sorted(set(ours) | set(theirs)):
            if ours.get(package) != theirs.get(package):
                yield f"{name}: {package} is not as in {source}; run script/lock"
