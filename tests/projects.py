"""Projects for tests: a step's tree, changed a little, in a folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from atelier.checks.report import Finding, Report
from atelier.checks.runner import check
from atelier.course import Course, write_tree
from atelier.harness.interpreter import own_interpreter
from atelier.harness.source import Source

WORKSHOP_BIN = Path(sys.executable).parent


def make_project(
    course: Course, folder: Path, step: str, changes: Mapping[str, str | bytes | None] | None = None
) -> Path:
    """Write the tree of `step` with `changes` (None removes a file); it runs by our packages."""
    tree = dict(course.tree(course.step(step)))
    for name, content in (changes or {}).items():
        if content is None:
            tree.pop(name, None)
        else:
            tree[name] = content.encode() if isinstance(content, str) else content
    folder.mkdir(parents=True, exist_ok=True)
    write_tree(tree, folder)
    (folder / ".venv").symlink_to(WORKSHOP_BIN.parent)
    return folder


def judge(course: Course, folder: Path, step: str) -> Report:
    """Judge the project in `folder` by the criteria of `step`."""
    [report] = check(course, [course.step(step)], Source(folder, own_interpreter()))
    return report


def finding(report: Report, criterion: str) -> Finding:
    """Return the finding on one criterion."""
    return next(found for found in report.findings if found.id == criterion)


def atelier(
    *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the `atelier` command as a learner's shell would."""
    return subprocess.run(
        [str(WORKSHOP_BIN / "atelier"), *arguments],
        env={**os.environ, "LANG": "C.UTF-8", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
