"""The pytest plugin: runs the criteria of a step side by side and turns them into findings.

`pytest exercises/10-first-task --project ../shop` works by it; `checks.runner` runs the same
inside `atelier check`. It leaves tests that are no criteria to pytest.
"""

from __future__ import annotations

import inspect
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from atelier.checks.criterion import Criterion, criterion_of
from atelier.checks.report import Finding
from atelier.checks.worlds import Lazy, Worlds
from atelier.harness.interrupts import undisturbed
from atelier.harness.printed import Printed
from atelier.harness.source import Source
from atelier.i18n import _, say
from atelier.verdicts import Skipped, TookTooLong, Unmet, Verdict

_HEAD_START = 0.05  # seconds

# Called with the name of the step's folder and each finding, in the order of the criteria.
Listener = Callable[[str, Finding], None]
# Called with the name of the step's folder and the id and title of each of its criteria.
Begun = Callable[[str, Sequence[tuple[str, str]]], None]


@dataclass
class Settings:
    """What a run of criteria is about."""

    source: Source | None = None
    overtaken: Callable[[str], bool] = lambda until: False
    listener: Listener | None = None
    # For a view that shows each criterion as soon as it is known: told its criteria when a step
    # begins, and each finding from the criterion's own thread.
    begun: Begun | None = None
    early: Listener | None = None
    # Told at the end what the servers of a step printed.
    printed: Callable[[list[Printed]], None] | None = None


SETTINGS = pytest.StashKey[Settings]()
# By the name of the step's folder.
FINDINGS = pytest.StashKey[dict[str, list[Finding]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--project`."""
    parser.addoption("--project", type=Path, help="the learner's project that criteria judge")


def pytest_configure(config: pytest.Config) -> None:
    """Take the settings that the runner made, or make them from the command line."""
    if SETTINGS not in config.stash:
        settings = Settings()
        project = config.getoption("project", None)
        if project is not None:
            from atelier.harness.interpreter import find_interpreter

            root = Path(project).resolve()
            settings.source = Source(root, find_interpreter(root))
        config.stash[SETTINGS] = settings
    config.stash[FINDINGS] = {}


@pytest.fixture(scope="module")
def project(request: pytest.FixtureRequest) -> Source:
    """The learner's project: its files, its .env, its environment."""
    source = request.config.stash[SETTINGS].source
    if source is None:
        pytest.fail("Criteria judge a project: say which with --project DIR.", pytrace=False)
    return source


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, project: Source) -> Iterator[Worlds]:
    """Makes worlds: `worlds.shared()` for all criteria of the step, `worlds.new()` for one."""
    made = Worlds(project, request.config.stash[SETTINGS].printed)
    yield made
    made.close()


# Nothing starts in a fixture: what is shared starts in the thread of the criterion that
# first uses it, so that criteria that need no process are told at once.


@pytest.fixture(scope="module")
def world(worlds: Worlds) -> object:
    """The World that the step's criteria share."""
    return Lazy(worlds.shared)


@pytest.fixture(scope="module")
def queue(worlds: Worlds) -> object:
    """The Queue in the shared world's Redis."""
    return Lazy(lambda: worlds.shared().queue)


@pytest.fixture(scope="module")
def worker(worlds: Worlds) -> object:
    """The shared world's Worker."""
    return Lazy(lambda: worlds.shared().worker)


@pytest.fixture(scope="module")
def web(worlds: Worlds) -> object:
    """The shared world's Web server, with three products."""
    return Lazy(lambda: worlds.shared().web)


@pytest.fixture(scope="module")
def api(worlds: Worlds) -> object:
    """The shared world's Web server as the first steps have it: its rows came without POST."""
    return Lazy(lambda: worlds.shared().api)


@dataclass
class Run:
    """One criterion on its way: its function runs in a thread of its own."""

    item: pytest.Function
    criterion: Criterion
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)
    heard: Callable[[Run], None] | None = None

    def start(self) -> None:
        """Call the criterion in a thread; a thread that hangs cannot hold the check."""
        arguments = {
            name: self.item.funcargs[name] for name in inspect.signature(self.item.obj).parameters
        }

        def call() -> None:
            try:
                self.item.obj(**arguments)
            except BaseException as error:
                self.end(error)
            else:
                self.end(None)

        threading.Thread(target=call, daemon=True).start()

    def end(self, error: BaseException | None) -> None:
        """Keep how it ended; what comes after the deadline comes too late."""
        if not self.done.is_set():
            self.error = error
            self.seconds = time.monotonic() - self.began
            self.done.set()
            if self.heard is not None:
                self.heard(self)

    def wait(self) -> None:
        """Wait for the end; a criterion that takes too long ends as TookTooLong."""
        limit = self.criterion.timeout
        if not self.done.wait(max(limit - (time.monotonic() - self.began), 0.0)):
            self.end(TookTooLong(_("This took more than {seconds:.0f} seconds.", seconds=limit)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the criteria of each step side by side, the steps one after the other."""
    config = session.config
    if config.option.collectonly or session.testsfailed or hasattr(config, "workerinput"):
        return None
    items = [item for item in session.items if isinstance(item, pytest.Function)]
    if not items or any(criterion_of(item.obj) is None for item in items):
        return None
    if begun := config.stash[SETTINGS].begun:
        for folder, of_step in itertools.groupby(items, key=lambda item: item.path.parent):
            begun(folder.name, [_name_and_title(item) for item in of_step])
    groups = [list(group) for _path, group in itertools.groupby(items, key=lambda item: item.path)]
    for group, following in itertools.zip_longest(groups, groups[1:]):
        _run_side_by_side(group, following[0] if following else None, config.stash)
    return True


def _run_side_by_side(
    items: Sequence[pytest.Function], following: pytest.Function | None, stash: pytest.Stash
) -> None:
    runs: dict[pytest.Function, Run] = {}
    begun = sorted(items, key=_needs_a_process)
    last = begun[-1]
    try:
        for item, next_item in itertools.pairwise([*begun, None]):
            assert item is not None
            if stash[SETTINGS].early is not None and _needs_a_process(item):
                _let_end(runs.values())
            runs[item] = _begin(item, stash[SETTINGS])
            if next_item is not None:
                item.ihook.pytest_runtest_teardown(item=item, nextitem=next_item)
        for run in map(runs.__getitem__, items):
            run.wait()
            finding = _finding(run)
            step = run.item.path.parent.name
            stash[FINDINGS].setdefault(step, []).append(finding)
            _tell_pytest(run, finding)
            if listener := stash[SETTINGS].listener:
                listener(step, finding)
    finally:
        # Also after Ctrl-C: closing the worlds ends what the threads wait for.
        with undisturbed():
            last.ihook.pytest_runtest_teardown(item=last, nextitem=following)


def _needs_a_process(item: pytest.Function) -> bool:
    """Whether the criterion is given more than the project's files."""
    return set(inspect.signature(item.obj).parameters) != {"project"}


def _let_end(runs: Iterable[Run]) -> None:
    """Let criteria that read files end before others start processes: a moment, not more."""
    for run in runs:
        if _needs_a_process(run.item):
            return
        run.done.wait(max(run.began + _HEAD_START - time.monotonic(), 0.0))


def _begin(item: pytest.Function, settings: Settings) -> Run:
    marked = criterion_of(item.obj)
    assert marked is not None
    run = Run(item, marked)
    if early := settings.early:
        run.heard = lambda run: early(run.item.path.parent.name, _finding(run))
    if marked.until is not None and settings.overtaken(marked.until):
        run.end(Skipped(_("Overtaken by the step {step}.", step=marked.until)))
        return run
    try:
        item.ihook.pytest_runtest_setup(item=item)
        run.start()
    except Exception as error:
        run.end(error)
    return run


def _name_and_title(item: pytest.Function) -> tuple[str, str]:
    marked = criterion_of(item.obj)
    assert marked is not None
    return item.name.removeprefix("test_"), marked.title


def _finding(run: Run) -> Finding:
    error = run.error
    message: str | None = None
    seen: str | None = None
    look: str | None = None
    match error:
        case None:
            verdict = Verdict.PASS
        case Unmet():
            verdict = error.verdict
            message, seen, look = error.message, error.seen, error.look
        case Skipped():
            verdict = Verdict.SKIPPED
            message = error.args[0]
        case _:
            verdict = Verdict.INFRA
            message = _("The workshop's own check stopped: our side, nothing to fix.")
            seen = f"{type(error).__name__}: {error} ({_where(error)})"
    return Finding(
        id=run.item.name.removeprefix("test_"),
        title=run.criterion.title,
        verdict=verdict,
        message=message,
        seen=seen,
        look=look,
        file=run.criterion.file,
        seconds=run.seconds,
    )


def _where(error: BaseException) -> str:
    """The last lines of ours and of others' that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename][-1:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*ours, frames[-1])]
    return ", ".join(dict.fromkeys(places))


def _tell_pytest(run: Run, finding: Finding) -> None:
    """Hand pytest a report, for its own terminal, junit file and exit code."""
    item = run.item
    outcome: Literal["passed", "failed", "skipped"]
    longrepr: str | tuple[str, int, str] | None = None
    if finding.verdict is Verdict.PASS:
        outcome = "passed"
    elif finding.verdict is Verdict.SKIPPED:
        outcome = "skipped"
        longrepr = (str(item.path), item.location[1] or 0, say(finding.message) or "")
    else:
        outcome = "failed"
        told = (finding.title, finding.message, finding.seen, finding.look)
        longrepr = "\n".join(line for text in told if (line := say(text)))
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    item.ihook.pytest_runtest_logreport(
        report=pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome=outcome,
            longrepr=longrepr,
            when="call",
            duration=run.seconds,
        )
    )
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
