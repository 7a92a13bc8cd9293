"""The course as it stands on disk: its steps, and the tree of files at each of them."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from atelier.i18n import _

# Path of a file in a learner's project -> its bytes.
Tree = Mapping[str, bytes]

# Files that an ignore rule would swallow are stored in `solutions/` under these names.
_STORED_AS = {"dot.env": ".env", "dot.gitignore": ".gitignore"}
_NEVER = frozenset({"__pycache__", ".DS_Store"})


class UnknownStep(LookupError):
    """There is no such step; the text says so and names the nearest."""


class BrokenCourse(ValueError):
    """A file of the course is not as it must be; the text names it."""


@dataclass(frozen=True)
class Step:
    """One step: its number orders it, its slug identifies it."""

    root: Path
    number: int
    slug: str
    kind: str
    minutes: int
    titles: Mapping[str, str]
    removes: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    may_show: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    optional: bool = False

    @property
    def name(self) -> str:
        """The number and the slug: the name of its folders, lessons and branch."""
        return f"{self.number:02d}-{self.slug}"

    def generates(self, name: str) -> bool:
        """Whether the file `name` is made by a command of this step."""
        return any(fnmatch(name, pattern) for pattern in self.generated)

    @property
    def exercise(self) -> Path:
        """The folder of its criteria."""
        return self.root / "exercises" / self.name

    @property
    def solution(self) -> Path:
        """The folder of the files that it adds or changes."""
        return self.root / "solutions" / self.name

    def lesson(self, language: str) -> Path:
        """The file of its lesson."""
        return self.root / "lessons" / language / f"{self.name}.md"


class Course:
    """The steps of the course in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order. Raises BrokenCourse."""
        files = sorted((self.root / "exercises").glob("[0-9]*/step.toml"))
        if not files:
            raise BrokenCourse(f"{self.root / 'exercises'}: no step here")
        return tuple(_read_step(self.root, file) for file in files)

    @property
    def first(self) -> Step:
        """The first step."""
        return self.steps[0]

    def step(self, name: str) -> Step:
        """Return the step called by number ("9", "09"), slug or name. Raises UnknownStep."""
        for step in self.steps:
            if name in (step.slug, step.name) or (name.isdigit() and int(name) == step.number):
                return step
        raise UnknownStep(
            _(
                "There is no step {name}. The nearest is {nearest}.",
                name=name,
                nearest=self._nearest(name).name,
            )
        )

    def _nearest(self, name: str) -> Step:
        digits = name.split("-", maxsplit=1)[0]
        if digits.isdigit():
            return min(self.steps, key=lambda step: abs(step.number - int(digits)))
        slugs = {step.slug: step for step in self.steps} | {step.name: step for step in self.steps}
        close = difflib.get_close_matches(name.lower(), slugs, n=1, cutoff=0.0)
        return slugs[close[0]]

    def after(self, step: Step) -> Step | None:
        """Return the step that follows `step`, None after the last."""
        at = self.steps.index(step)
        return self.steps[at + 1] if at + 1 < len(self.steps) else None

    def up_to(self, step: Step) -> tuple[Step, ...]:
        """Return the steps from the first to `step`, both included."""
        return self.steps[: self.steps.index(step) + 1]

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of the files of every step's tree."""
        folders = (
            folder for step in self.steps for folder in (step.exercise / "start", step.solution)
        )
        return frozenset(name for folder in folders for name in read_tree(folder))

    @cached_property
    def fingerprint(self) -> str:
        """Stands for the files of all steps: another one, when one of them is changed."""
        digest = hashlib.sha256()
        for step in self.steps:
            for name, content in sorted(self.tree(step).items()):
                digest.update(f"{step.name} {name} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def generated(self, name: str) -> bool:
        """Whether the file `name` is made by a command of one of the steps."""
        return any(step.generates(name) for step in self.steps)

    def tree(self, step: Step) -> Tree:
        """Return the files of a project that is done with `step`, what was handed out included."""
        tree: dict[str, bytes] = {}
        for done in self.up_to(step):
            tree.update(read_tree(done.exercise / "start"))
            for removed in done.removes:
                tree.pop(removed, None)
            tree.update(read_tree(done.solution))
        return tree

    def tree_before(self, step: Step) -> Tree:
        """Return the files of a project that `step` begins with, what is handed out included."""
        before = self.up_to(step)[:-1]
        return {**(self.tree(before[-1]) if before else {}), **read_tree(step.exercise / "start")}


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return the files below `folder` by their path in a project; empty when there is none."""
    if not folder.is_dir():
        return {}
    return {
        "/".join((*path.relative_to(folder).parts[:-1], _STORED_AS.get(path.name, path.name))): (
            path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _NEVER.intersection(path.parts) and path.suffix != ".pyc"
    }


def write_tree(tree: Tree, folder: Path) -> None:
    """Write the files of `tree` below `folder`, over what is there."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _read_step(root: Path, file: Path) -> Step:
    number, _dash, slug = file.parent.name.partition("-")
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
        return Step(
            root=root,
            number=int(number),
            slug=slug,
            kind=settings["kind"],
            minutes=settings["minutes"],
            titles=settings["title"],
            removes=tuple(settings.get("removes", ())),
            generated=tuple(settings.get("generated", ())),
            may_show=tuple(settings.get("may_show", ())),
            given=tuple(settings.get("given", ())),
            optional=settings.get("optional", False),
        )
    except (KeyError, ValueError) as error:
        raise BrokenCourse(f"{file}: {error}") from error


def workshop_root() -> Path:
    """Return the folder of the workshop that this tool is installed from."""
    return Path(__file__).resolve().parent.parent
