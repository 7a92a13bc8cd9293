"""The learner's files at the end of a lesson, compared with the solution."""

from __future__ import annotations

import io
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from atelier.course import Course, Step, Tree
from atelier.git import git

_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.ENCODING)
_NO_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts"})


def differences(course: Course, step: Step, project: Path) -> Iterator[str]:
    """Yield what in `project` is not as the solution of `step` has it, a sentence each.

    Python code is compared without comments and empty lines, a Pipfile by its packages.
    A lock is there (whether it is fresh is pipenv's to say), and so is what a command
    generates. Nothing else is there, but for what git ignores, and all is committed.
    """
    wanted = course.tree(step)
    steps = course.up_to(step)

    def generated(name: str) -> bool:
        return any(done.generates(name) for done in steps)

    for name, content in wanted.items():
        if generated(name):
            continue
        path = project / name
        if not path.is_file():
            yield f"{name} is not there, and the solution has it"
        elif name != "Pipfile.lock":
            difference = _difference(name, path.read_bytes(), content)
            if difference:
                yield f"{name} is not as in the solution: {difference}"
    for each in (each for done in steps for each in done.generated):
        if not any(project.glob(each)):
            yield f"nothing is there for {each}, which a command generates"
    yield from _besides(wanted, generated, project)


def _difference(name: str, content: bytes, wanted: bytes) -> str | None:
    """Say how two files differ, None when they are the same."""
    if content == wanted:
        return None
    if name == "Pipfile":
        got, expected = _packages(content), _packages(wanted)
    elif name.endswith(".py"):
        got, expected = _code(content), _code(wanted)
    else:
        got, expected = _lines(content), _lines(wanted)
    for one, other in zip_longest(got, expected, fillvalue="(the end)"):
        if one != other:
            return f"{one!r} where it has {other!r}"
    return None


def _packages(content: bytes) -> list[str]:
    try:
        table = tomllib.loads(content.decode())
    except ValueError as error:
        return [str(error)]
    return [
        f"[{category}] {name} = {specification}"
        for category, packages in sorted(table.items())
        if category not in _NO_PACKAGES
        for name, specification in sorted(packages.items())
    ]


def _code(content: bytes) -> list[str]:
    """The lines of a Python file, as they read without comments and empty lines."""
    lines: dict[int, list[str]] = {}
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            row, column = token.start
            if token.type not in _NO_CODE and token.string.strip():
                lines.setdefault(row, [" " * column]).append(token.string)
    except (tokenize.TokenError, SyntaxError) as error:
        return [str(error)]
    return [" ".join(words).rstrip() for words in lines.values()]


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def files_of(project: Path) -> Tree:
    """Return the files of `project` that a check judges: what git knows of, and `.env`."""
    names = {*_known(project), ".env"}
    return {name: (project / name).read_bytes() for name in names if (project / name).is_file()}


def _known(project: Path) -> list[str]:
    known = git(project, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    return [name for name in known.split("\0") if name]


def _besides(wanted: Tree, generated: Callable[[str], bool], project: Path) -> Iterator[str]:
    for name in _known(project):
        if name not in wanted and not generated(name) and (project / name).exists():
            yield f"{name} is there, and the solution has no such file"
    for line in git(project, "status", "--porcelain").splitlines():
        yield f"git status at the end of the lesson says: {line}"
