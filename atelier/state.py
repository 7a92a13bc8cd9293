"""What is remembered between commands: the project of this workshop, and how far it is."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from atelier.paths import data_directory


@dataclass
class Progress:
    """How far a project is; steps by their slug, which outlives a change of number."""

    step: str
    language: str | None = None
    met: list[str] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)  # how many were shown of each step
    course: str | None = None  # the fingerprint of the course that the project last saw


class State:
    """The remembered projects, in one small file that is replaced as a whole."""

    def __init__(self, workshop: Path, file: Path | None = None) -> None:
        self._workshop = str(workshop)
        self._file = file or data_directory() / "state.json"
        content = self._read()
        self._workshops: dict[str, str] = content.get("workshops", {})
        self._projects: dict[str, Any] = content.get("projects", {})

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}  # the first run, or a damaged file: `start` finds the project again
        return content if isinstance(content, dict) else {}

    @property
    def project(self) -> Path | None:
        """The project of this workshop, None before `start`."""
        known = self._workshops.get(self._workshop)
        return Path(known) if known else None

    def progress(self, project: Path) -> Progress | None:
        """Return how far `project` is, None when it is no project that `start` made."""
        known = self._projects.get(str(project))
        if not isinstance(known, dict) or "step" not in known:
            return None
        # What another version of the tool remembered besides is not ours to read.
        names = {each.name for each in fields(Progress)}
        return Progress(**{name: value for name, value in known.items() if name in names})

    def remember(self, project: Path, progress: Progress) -> None:
        """Make `project` this workshop's, with its `progress`."""
        self._workshops[self._workshop] = str(project)
        self.update(project, progress)

    def update(self, project: Path, progress: Progress) -> None:
        """Keep the `progress` of a project."""
        self._projects[str(project)] = asdict(progress)
        self._write()

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        content = {"workshops": self._workshops, "projects": self._projects}
        # A replaced file is never half written, whatever ends this process.
        handle, name = tempfile.mkstemp(dir=self._file.parent, prefix="state-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=2)
            Path(name).replace(self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
