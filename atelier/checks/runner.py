"""Runs the criteria of steps on a project and reports what was found."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from atelier.checks import plugin
from atelier.checks.plugin import FINDINGS, SETTINGS, Begun, Listener, Settings
from atelier.checks.report import Finding, Report
from atelier.course import Course, Step
from atelier.harness.family import end_strays
from atelier.harness.leftovers import remove_own, sweep
from atelier.harness.printed import Printed
from atelier.harness.source import Source
from atelier.i18n import _
from atelier.verdicts import OurSide

# Nothing of the machine's or the course's own pytest settings: the same run everywhere.
_OPTIONS = (
    *("-c", str(Path(__file__).with_name("pytest.ini"))),
    *("--import-mode=importlib", "--noconftest", "--disable-plugin-autoload"),
    *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:logging", "-p", "no:capture"),
    *("-p", "no:faulthandler", "-p", "no:unraisableexception", "-p", "no:threadexception"),
    "--assert=plain",
)


class _Hand:
    """Hands the settings to the plugin, and its findings back."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.findings: dict[str, list[Finding]] = {}
        self.problems: list[str] = []
        self.error: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SETTINGS] = self.settings

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(report.longreprtext)

    @pytest.hookimpl
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.error = excinfo.value  # told by the command, not by pytest
        return True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.findings = session.config.stash[FINDINGS]


def warm_up(course: Course, step: Step) -> None:
    """Load what a check of `step` needs, so that one in this process starts sooner."""
    files = [str(file) for file in sorted(step.exercise.glob("test_*.py"))]
    pytest.main([*_OPTIONS, "--collect-only", f"--rootdir={course.root}", *files], [plugin])
    # The criteria themselves are read anew: one that could not be is no module to keep.
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").parent == step.exercise:
            del sys.modules[name]


def check(
    course: Course,
    steps: Sequence[Step],
    source: Source,
    *,
    at: Step | None = None,
    listener: Listener | None = None,
    begun: Begun | None = None,
    early: Listener | None = None,
    printed: Callable[[list[Printed]], None] | None = None,
) -> list[Report]:
    """Judge the project `source` by the criteria of `steps`, one report a step.

    `at` is the step that the project has reached: criteria that it overtook are skipped;
    None judges by all. `listener` hears each finding in the order of the criteria; `begun` hears
    which there are, and `early` each finding when it is known, in a thread of its own. `printed`
    hears at the end what the servers of a step printed. Raises
    OurSide when the criteria cannot be run, KeyboardInterrupt after Ctrl-C, when everything is
    ended and removed.
    """

    def overtaken(until: str) -> bool:
        return at is not None and course.step(until).number <= at.number

    hand = _Hand(Settings(source, overtaken, listener, begun, early, printed))
    began = time.monotonic()
    sweep()
    try:
        files = [str(file) for step in steps for file in sorted(step.exercise.glob("test_*.py"))]
        for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DEBUG"):
            os.environ.pop(name, None)
        code = pytest.main([*_OPTIONS, f"--rootdir={course.root}", *files], [plugin, hand])
    finally:
        end_strays()
        remove_own()
    if code == pytest.ExitCode.INTERRUPTED and not hand.problems:
        raise KeyboardInterrupt
    if hand.error is not None:
        raise hand.error
    ended = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if hand.problems or code not in ended or not all(s.name in hand.findings for s in steps):
        raise OurSide(_("The criteria could not be run."), seen="\n".join(hand.problems)[-2000:])
    taken = time.monotonic() - began
    return [
        Report(
            step.name,
            tuple(found := hand.findings.get(step.name, [])),
            taken if len(steps) == 1 else max((f.seconds for f in found), default=0.0),
        )
        for step in steps
    ]
