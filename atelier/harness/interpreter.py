"""The virtual environment that a learner's program runs in, by its own binaries."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from atelier.harness.command_output import output_of
from atelier.i18n import _
from atelier.verdicts import NotYet


@dataclass(frozen=True)
class Interpreter:
    """A virtual environment, known by its folder of binaries.

    Where `warm` is true, programs may be forked from one that has imported its libraries.
    """

    bin_directory: Path
    warm: bool = False

    @property
    def python(self) -> str:
        """The interpreter."""
        return str(self.bin_directory / "python")

    def script(self, name: str) -> str:
        """Return the command `name` of the environment. Raises NotYet when it is not there."""
        path = self.bin_directory / name
        if not path.is_file():
            raise NotYet(
                _("The command {name} is not in the project's virtual environment.", name=name),
                look=_("In the project's folder, have you run: pipenv install?"),
            )
        return str(path)

    def has(self, name: str) -> bool:
        """Whether the package or module `name` is installed."""
        lib = self.bin_directory.parent / "lib"
        return any(
            (packages / name).is_dir() or (packages / f"{name}.py").is_file()
            for packages in lib.glob("python*/site-packages")
        )


def own_interpreter(*, warm: bool = False) -> Interpreter:
    """The workshop's own environment, which only the course's own solutions run in."""
    return Interpreter(Path(sys.executable).parent, warm)


def find_interpreter(project: Path) -> Interpreter | None:
    """Return the environment of the project in the folder `project`, or None."""
    bin_directory = project / ".venv" / "bin"
    if not (bin_directory / "python").is_file():
        found = _ask_pipenv(project)
        if found is None:
            return None
        bin_directory = found / "bin"
    return Interpreter(bin_directory) if (bin_directory / "python").is_file() else None


def _ask_pipenv(project: Path) -> Path | None:
    """Where pipenv keeps the environment when it is not in the project itself."""
    pipenv = pipenv_command()
    if pipenv is None or not (project / "Pipfile").is_file():
        return None
    printed = output_of(
        [pipenv, "--venv"], seconds=20, folder=project, environment=pipenv_environment(project)
    )
    return None if printed is None else Path(printed.strip())


def pipenv_command() -> str | None:
    """Return the pipenv that `script/start` found or installed, or the one on PATH."""
    return os.environ.get("ATELIER_PIPENV") or shutil.which("pipenv")


def pipenv_environment(project: Path) -> dict[str, str]:
    """Return our environment without what would turn pipenv away from `project`."""
    dropped = {"VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PIPENV_ACTIVE", "PIPENV_PIPFILE"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_PIPFILE": str(project / "Pipfile")}
