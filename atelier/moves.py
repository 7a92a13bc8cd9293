"""What the commands that change a learner's project change in it, as data."""

from __future__ import annotations

import sys
from fnmatch import fnmatch

from atelier.course import Course, Step, Tree, read_tree
from atelier.lay import Changes
from atelier.snapshots import DATABASES, FILE, Files, Kept

_PYTHON = ".python-version"


def reset(course: Course, step: Step, present: Files) -> dict[str, Kept | None]:
    """Return what brings a project with the files `present` to the start of `step`.

    Files of the steps, and what their commands made, are as at the start. All others stay.
    """
    wanted = course.tree_before(step)
    ours = course.files | {name for name in present if course.generated(name)}
    changes: dict[str, Kept | None] = dict.fromkeys(ours - wanted.keys())
    return with_database({**changes, **_written(wanted)}, present)


def apply_solution(course: Course, step: Step, present: Files) -> dict[str, Kept | None]:
    """Return what writes the solution of `step` into a project with the files `present`.

    Migrations build on each other: where the step makes one, all of them become the course's.
    """
    changes: dict[str, Kept | None] = dict.fromkeys(step.removes)
    changes |= _written(read_tree(step.exercise / "start"))
    changes |= _written(read_tree(step.solution))
    tree = course.tree(step)
    if any(name.startswith("migrations/") for name in tree if step.generates(name)):
        made = {name for name in present if name.startswith("migrations/")}
        changes |= dict.fromkeys(made - tree.keys())
        changes |= _written({name: tree[name] for name in tree if name.startswith("migrations/")})
    if _PYTHON in present:
        changes.pop(_PYTHON, None)
    return with_database(changes, present)


def bring_back(wanted: Files, present: Files) -> dict[str, Kept | None]:
    """Return what makes the files `present` those of a snapshot again.

    The database is brought back with the migrations that made it, else it stays.
    """
    changes: dict[str, Kept | None] = dict.fromkeys(present.keys() - wanted.keys())
    changes |= wanted
    if _migrations(wanted) == _migrations(present):
        changes = {name: file for name, file in changes.items() if not is_database(name)}
    return changes


def with_database(changes: Changes, present: Files) -> dict[str, Kept | None]:
    """Let the database go where its migrations change: it would fit them no more."""
    after = {**present, **changes}
    kept = {name: file for name, file in after.items() if file is not None}
    gone = []
    if _migrations(kept) != _migrations(present):
        gone = [name for name in present if is_database(name)]
    return {**changes, **dict.fromkeys(gone)}


def _written(tree: Tree) -> dict[str, Kept]:
    files = {name: Kept(FILE, content) for name, content in tree.items()}
    if _PYTHON in files:  # another version would stop the learner's own python3 (pyenv reads it)
        files[_PYTHON] = Kept(FILE, "{}.{}\n".format(*sys.version_info).encode())
    return files


def is_database(name: str) -> bool:
    """Whether the file `name` of a project is its SQLite database."""
    return any(fnmatch(name, pattern) for pattern in DATABASES)


def _migrations(files: Files) -> set[str]:
    """The migrations by name: Alembic names them by their revision."""
    return {name for name in files if fnmatch(name, "migrations/versions/*.py")}
