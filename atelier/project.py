"""The learner's project: made once, found again, kept safe."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from atelier.branches import commit_start, write_branches
from atelier.course import Course, Step, read_tree, write_tree
from atelier.git import git, is_repository
from atelier.harness.interpreter import (
    find_interpreter,
    pipenv_command,
    pipenv_environment,
)
from atelier.i18n import Text, _
from atelier.paths import data_directory


class ProjectError(Exception):
    """A command cannot do what it was asked for; `text` says why and what to do."""

    def __init__(self, text: Text, code: str = "project") -> None:
        super().__init__(text)
        self.text = text
        self.code = code


def create_project(course: Course, folder: Path, step: Step) -> None:
    """Make a project in `folder`, at the start of `step`, with its solution branches.

    It appears as a whole or not at all. Raises ProjectError, GitFailed, OSError.
    """
    refuse_folder(course, folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made.chmod(0o755)
        make_repository(course, made)
        write_tree(course.tree_before(step), made)
        commit_start(course, made, step)
        (made / ".venv").mkdir()  # where it is there, pipenv makes the environment in it
        git(made, "update-index", "-q", "--refresh")
        if folder.exists():
            folder.rmdir()  # empty, as was seen above; a project replaces it
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def make_repository(course: Course, folder: Path) -> None:
    """Make `folder` a git repository with the solution branches, and no commit of its own."""
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    write_branches(course, folder)


def refuse_folder(course: Course, folder: Path) -> None:
    """Raise ProjectError unless a project can be made in `folder`."""
    if folder == course.root or course.root in folder.parents:
        raise ProjectError(
            _(
                "{folder} lies inside the workshop. A project needs a folder outside of it, "
                "for example: pipenv run atelier start ../shop",
                folder=str(folder),
            )
        )
    if folder.exists() and not folder.is_dir():
        raise ProjectError(_("{folder} is a file, not a folder.", folder=str(folder)))
    if folder.is_dir() and any(folder.iterdir()):
        raise ProjectError(
            _(
                "The folder {folder} is not empty, and nothing in it was touched. Choose "
                "another one, for example: pipenv run atelier start {other}",
                folder=str(folder),
                other=str(folder.with_name(folder.name + "-2")),
            )
        )


def require_project(folder: Path) -> Path:
    """Return `folder` when a project can be judged there. Raises ProjectError."""
    if not folder.is_dir():
        raise ProjectError(_("There is no folder {folder}.", folder=str(folder)))
    known = ("wsgi.py", "Pipfile", "config.py", "tasks.py", "models.py")
    if not any((folder / name).exists() for name in known):
        raise ProjectError(
            _(
                "{folder} is no project: it has none of {files}.",
                folder=str(folder),
                files=", ".join(known),
            )
        )
    return folder


def lacks_packages(folder: Path) -> bool:
    """Whether the project names packages that are to be installed, and has no environment yet.

    At the first step it has no lock: which packages there are is for the learner to type.
    """
    return (folder / "Pipfile.lock").is_file() and find_interpreter(folder) is None


def install_packages(folder: Path) -> bool:
    """Install what the project's lock names, in `.venv`; whether that worked.

    What pipenv says goes to `install_log()`.
    """
    pipenv = pipenv_command()
    if pipenv is None:
        return False
    env = pipenv_environment(folder) | {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1"}
    log = install_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            [pipenv, "sync", "--dev"],  # pytest, for the learner's own tests, among them
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def install_log() -> Path:
    """Return the file that holds what pipenv printed when it last installed packages."""
    return data_directory() / "install.log"


def hand_out(course: Course, folder: Path, step: Step) -> list[str]:
    """Write the files that `step` hands out into the project; return their names.

    A file of the learner's that differs stays as it is and is left out of the list.
    """
    given = read_tree(step.exercise / "start")
    new = {name: content for name, content in given.items() if not os.path.lexists(folder / name)}
    write_tree(new, folder)
    return sorted(new)


def refresh_branches(course: Course, folder: Path) -> None:
    """Bring the solution branches up to date, if the project is still a repository."""
    if is_repository(folder):
        with contextlib.suppress(OSError):
            write_branches(course, folder)


def default_folder(course: Course) -> Path:
    """Return where a project is made unless the learner chooses: beside the workshop."""
    return course.root.parent / "shop"


def resolve(folder: str | os.PathLike[str]) -> Path:
    """Return `folder` as an absolute path without links or `..`."""
    return Path(os.path.realpath(Path(folder).expanduser()))
