"""A new step: its files laid down, the steps after it renumbered, all of it or nothing.

The slug identifies a step and the number orders the steps, so that one can be put between two
others: what learners have done is remembered by the slugs.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from atelier.changes import Changes
from atelier.course import Course, Step
from atelier.git import git, is_repository
from atelier.i18n import LANGUAGES, Text, _
from atelier.project import ProjectError
from atelier.renumber import Renumbering
from atelier.step_files import MINUTES, TITLES, files_of, row_of

KINDS = ("guided", "practice")
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_READMES = {"en": "README.md", "fr": "README.fr.md"}
# Not written by authors, or made from what they write.
_LEFT_ALONE = re.compile(r"script/vendor/|.*(?:\.lock|\.mo|\.whl)$")


@dataclass(frozen=True)
class NewStep:
    """What was done: the files made, the files that gained a row, the steps renamed (old, new)."""

    step: Step
    made: tuple[str, ...]
    rows: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]


def add_step(course: Course, slug: str, after: Step, kind: str) -> NewStep:
    """Lay down the files of a step that follows `after`, and renumber those in its way.

    Everything is done or nothing. `course` has read the steps as they were.
    Raises ProjectError, GitFailed, OSError.
    """
    _refuse_slug(course, slug)
    root = course.root
    step = Step(root, after.number + 1, slug, kind, MINUTES, TITLES)
    renumbering = Renumbering(list(_in_the_way(course, step.number)))
    moves: Iterable[tuple[str, str]] = ()
    texts: dict[str, str] = {}
    if renumbering:
        files = _files(root)
        moves = renumbering.moves(files)
        texts = dict(_rewritten(root, files, renumbering))
        _refuse_uncommitted(root, [old for old, _new in moves], texts)
    rows = dict(_with_row(root, texts, after, step))
    made = files_of(step)
    wanted = [step.exercise, step.solution, *(step.lesson(each) for each in LANGUAGES)]
    wanted += [root / new for _old, new in moves]
    freed = {root / old for old, _new in moves}
    taken = [path for path in wanted if path.exists() and path not in freed]
    for path in taken:
        if not _is_empty(path):
            raise _is_there(path.relative_to(root).as_posix())
    for path in taken:
        shutil.rmtree(path)
    with Changes() as changes:
        for name, text in {**texts, **rows}.items():
            changes.write(root / name, text.encode())
        for old, new in moves:
            changes.move(root / old, root / new)
        for name, text in made.items():
            changes.write(root / name, text.encode())
    return NewStep(step, tuple(made), tuple(rows), tuple(renumbering.names.items()))


def _refuse_slug(course: Course, slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise ProjectError(
            _(
                "{slug} cannot be the slug of a step. It has lower case letters, digits and "
                "hyphens, and begins with a letter: send-mail, for example.",
                slug=slug,
            ),
            "bad-slug",
        )
    same = next((step for step in course.steps if step.slug == slug), None)
    if same is not None:
        raise ProjectError(
            _("There is a step {step} already. Choose another slug.", step=same.name), "slug-taken"
        )


def _in_the_way(course: Course, number: int) -> Iterator[Step]:
    """Yield the steps that must make room for `number`: up to the first gap."""
    for step in sorted(course.steps, key=lambda step: step.number):
        if step.number == number:
            yield step
            number += 1


def _files(root: Path) -> list[str]:
    """Return the files of the repository, those not yet in a commit included."""
    if not is_repository(root):
        raise ProjectError(
            _(
                "{folder} is no git repository. Later steps get another number: that is done "
                "only where git can take it back.",
                folder=str(root),
            ),
            "no-repository",
        )
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})


def _rewritten(
    root: Path, files: Iterable[str], renumbering: Renumbering
) -> Iterator[tuple[str, str]]:
    """Yield the files that name a renumbered step, with their new text."""
    for name in files:
        if _LEFT_ALONE.match(name):
            continue
        try:
            text = (root / name).read_bytes().decode()
        except UnicodeDecodeError:
            continue
        # A number in a test is mostly that of a step in a small course of the test's own.
        renumber = renumbering.named if name.startswith("tests/") else renumbering.text
        changed = renumber(text)
        if changed != text:
            yield name, changed


def _is_empty(path: Path) -> bool:
    """Whether a folder holds nothing but what Python left where git has removed the rest."""
    return path.is_dir() and not any(
        file.is_file() and "__pycache__" not in file.parts for file in path.rglob("*")
    )


def _is_there(name: str) -> ProjectError:
    return ProjectError(
        _("{file} is there already, and belongs to no step. Remove or rename it.", file=name),
        "file-taken",
    )


def _refuse_uncommitted(root: Path, folders: Iterable[str], texts: Mapping[str, str]) -> None:
    listed = git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all")
    changed = [entry[3:] for entry in listed.split("\0") if entry]
    touched = {PurePosixPath(name) for name in (*folders, *texts)}
    lost = [
        name
        for name in changed
        if touched.intersection((PurePosixPath(name), *PurePosixPath(name).parents))
    ]
    if lost:
        raise ProjectError(
            _(
                "Later steps get another number, in files that have changes without a commit: "
                "{files}. Commit or stash them first; nothing was touched.",
                files=_few(lost),
            ),
            "uncommitted",
        )


def _few(names: list[str]) -> Text | str:
    shown = 5
    if len(names) <= shown:
        return ", ".join(names)
    first = ", ".join(names[:shown])
    return _("{files} and {count} more", files=first, count=len(names) - shown)


def _with_row(
    root: Path, texts: Mapping[str, str], after: Step, step: Step
) -> Iterator[tuple[str, str]]:
    """Yield the README pages with a row for `step` below that of `after`."""
    for language, name in _READMES.items():
        path = root / name
        text = texts.get(name) or (path.read_bytes().decode() if path.is_file() else "")
        row = re.search(
            rf"^\| .*\(lessons/{language}/{re.escape(after.name)}\.md\).*\n", text, re.MULTILINE
        )
        if row is not None:
            yield name, text[: row.end()] + row_of(step, language) + text[row.end() :]
