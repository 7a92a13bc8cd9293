"""What every command starts from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atelier.course import Course, Step, UnknownStep, workshop_root
from atelier.harness.interpreter import find_interpreter
from atelier.harness.source import Source
from atelier.i18n import _, chosen_language
from atelier.project import ProjectError
from atelier.state import State

RUN = "pipenv run atelier"


class Desk:
    """What every command starts from: the course, what is remembered, the learner's project."""

    def __init__(self, course: Course | None = None) -> None:
        self.course = course or Course(workshop_root())
        self.state = State(self.course.root)

    @property
    def place(self) -> Path:
        """Where the learner's project is, or was. Raises ProjectError when there is none yet."""
        project = self.state.project
        if project is None:
            raise ProjectError(
                _("There is no project yet. Type: {command}", command=f"{RUN} start"), "no-project"
            )
        return project

    @property
    def project(self) -> Path:
        """The learner's project. Raises ProjectError when there is none yet, or no more."""
        project = self.place
        if not project.is_dir():
            raise ProjectError(
                _(
                    "Your project is not at {folder} any more. Put it back there, or begin "
                    "another one: {command}",
                    folder=str(project),
                    command=f"{RUN} start DIR",
                ),
                "no-project",
            )
        return project

    def step(self, name: str | None = None) -> Step:
        """Return the step called `name`, or the one the project is at. Raises UnknownStep."""
        if name is not None:
            return self.course.step(name)
        project = self.state.project
        progress = self.state.progress(project) if project else None
        if progress is None:
            return self.course.first
        try:
            return self.course.step(progress.step)
        except UnknownStep:  # a newer course left it out
            left = (step for step in self.course.steps if step.slug not in progress.met)
            return next(left, self.course.steps[-1])

    def mark_met(self, project: Path, names: Sequence[str]) -> None:
        """Remember that all criteria of the steps `names` are met in `project`."""
        progress = self.state.progress(project)
        new = {self.course.step(name).slug for name in names} - set(
            progress.met if progress else ()
        )
        if progress is not None and new:
            progress.met.extend(sorted(new))
            self.state.update(project, progress)


def title(step: Step) -> str:
    """Return the number and the title of a step, as its lesson begins."""
    return f"{step.number:02d} · {step.titles[chosen_language()]}"


def lesson_file(step: Step) -> str:
    """Return where the lesson of a step stands, from the workshop's folder."""
    return str(step.lesson(chosen_language()).relative_to(step.root))


def source_of(folder: Path) -> Source:
    """Return the project in `folder` as checks take it."""
    return Source(folder, find_interpreter(folder))
