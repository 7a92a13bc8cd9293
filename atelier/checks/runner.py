"""Runs the criteria of steps on a project and reports what was found."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
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


@dataclass(frozen=True)
class Asked:
    """What a check that waits is asked: to judge a project, by a step, at the one it reached."""

    source: Source
    step: Step
    at: Step


class _Hand:
    """Hands the settings to the plugin, and its findings back."""

    def __init__(self, settings: Settings, begin: Callable[[], bool] = lambda: True) -> None:
        """Call `begin` once the criteria are read; it may wait, and says whether they are run."""
        self.settings = settings
        self.findings: dict[str, list[Finding]] = {}
        self.problems: list[str] = []
        self.error: BaseException | None = None
        self.begun = False
        self.began = time.monotonic()
        self._begin = begin

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[SETTINGS] = self.settings

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(report.longreprtext)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.begun = not self.problems and self._begin()
        if not self.begun:
            session.items.clear()

    @pytest.hookimpl
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.error = excinfo.value  # told by the command, not by pytest
        return True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.findings = session.config.stash[FINDINGS]


def check_when_asked(
    course: Course,
    step: Step,
    asked: Callable[[], Asked | None],
    *,
    begun: Begun,
    early: Listener,
    printed: Callable[[list[Printed]], None],
) -> Report | None:
    """Read the criteria of `step`, then judge what `asked` returns; it may wait for that.

    So the first finding is there soon after it is asked for. None when `asked` returns None. The
    rest is as in `check`.
    """
    ask = cache(asked)
    read = _stamps(step)
    settings = Settings(begun=begun, early=early, printed=printed)

    def begin() -> bool:
        request = ask()
        if request is None or request.step != step or _stamps(step) != read:
            return False
        hand.began = time.monotonic()
        settings.source = request.source
        settings.overtaken = _overtaken(course, request.at)
        sweep()
        return True

    hand = _Hand(settings, begin)
    code = _run(course, [step], hand)
    if hand.begun:
        return _reports([step], hand, code)[0]
    request = ask()
    if request is None:
        return None
    # They could not be read, an author has changed them since, or others are wanted.
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").parent == step.exercise:
            del sys.modules[name]
    [report] = check(
        course,
        [request.step],
        request.source,
        at=request.at,
        begun=begun,
        early=early,
        printed=printed,
    )
    return report


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
    hand = _Hand(
        Settings(source, _overtaken(course, at), listener, begun, early, printed),
    )
    sweep()
    return _reports(steps, hand, _run(course, steps, hand))


def _overtaken(course: Course, at: Step | None) -> Callable[[str], bool]:
    return lambda until: at is not None and course.step(until).number <= at.number


def _criteria_files(step: Step) -> list[Path]:
    return sorted(step.exercise.glob("test_*.py"))


def _stamps(step: Step) -> dict[Path, tuple[int, int]]:
    """What changes when a file of the criteria is saved."""
    found = {file: file.stat() for file in _criteria_files(step)}
    return {file: (stat.st_mtime_ns, stat.st_size) for file, stat in found.items()}


def _run(course: Course, steps: Sequence[Step], hand: _Hand) -> int:
    """Run the criteria of `steps` in pytest, and return its exit code; `hand` gets the rest."""
    try:
        files = [str(file) for step in steps for file in _criteria_files(step)]
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
    return code


def _reports(steps: Sequence[Step], hand: _Hand, code: int) -> list[Report]:
    """Return what was found, a report a step. Raises OurSide."""
    ended = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if hand.problems or code not in ended or not all(s.name in hand.findings for s in steps):
        raise OurSide(_("The criteria could not be run."), seen="\n".join(hand.problems)[-2000:])
    taken = time.monotonic() - hand.began
    return [
        Report(
            step.name,
            tuple(found := hand.findings.get(step.name, [])),
            taken if len(steps) == 1 else max((f.seconds for f in found), default=0.0),
        )
        for step in steps
    ]
