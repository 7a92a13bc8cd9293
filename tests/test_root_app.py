"""The finished app at the root is what the last step's learner has."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from atelier.course import Course, Tree

# Compared by their content below, or never committed at the root: .env, and .python-version,
# by which pyenv would refuse `python3` to whoever has another one of those that serve.
_APART = frozenset({"Pipfile", "Pipfile.lock", ".gitignore", ".env", ".python-version"})


def last_tree(course: Course) -> Tree:
    return course.tree(course.steps[-1])


def test_files_are_equal(course: Course) -> None:
    different = [
        name
        for name, content in last_tree(course).items()
        if name not in _APART
        and (not (course.root / name).is_file() or (course.root / name).read_bytes() != content)
    ]
    assert different == [], "copy these from solutions/ to the root"


def test_root_ignores_what_the_learner_ignores(course: Course) -> None:
    ours = (course.root / ".gitignore").read_text().splitlines()
    assert set(last_tree(course)[".gitignore"].decode().splitlines()) <= set(ours)


def test_packages_are_equal(course: Course) -> None:
    def packages(pipfile: str) -> Any:
        return tomllib.loads(pipfile)["packages"]

    tree = last_tree(course)
    root = course.root
    assert packages((root / "Pipfile").read_text()) == packages(tree["Pipfile"].decode())
    ours = json.loads((root / "Pipfile.lock").read_text())["default"]
    assert ours == json.loads(tree["Pipfile.lock"])["default"]
