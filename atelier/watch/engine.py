"""The engine of watch mode: it checks a project at each save, and yields what is known.

One engine, several views: a terminal shows each state as it comes, a page may send them on as
events. Nothing here prints.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from atelier.course import Course, Step
from atelier.i18n import chosen_language
from atelier.verdicts import Verdict
from atelier.watch.changes import Change, Changes
from atelier.watch.runs import Run

_QUIET = 0.04  # seconds without a save after which a run begins: several saves make one run
_SPARES = 2  # checks that wait for a save: the second is for a save that comes soon after another
_SPARE_AFTER = 2.0  # seconds into a run: until then the cores are for the run alone
_LONG = 1.0  # seconds; from then on, a state a second says what is still awaited


class Phase(Enum):
    """What the engine does."""

    RUNNING = "running"
    DONE = "done"
    GONE = "gone"  # the project's folder is not there
    TROUBLE = "trouble"  # the check itself could not be run


@dataclass(frozen=True)
class Criterion:
    """A criterion of the step; what was said of it, in each language, once it is known."""

    id: str
    titles: Mapping[str, str]
    said: Mapping[str, Mapping[str, Any]] | None = None
    fresh: bool = False  # whether the run that goes on, or was last, said it

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, None before the first."""
        return Verdict(self.said["en"]["verdict"]) if self.said else None

    @property
    def title(self) -> str:
        """Its title in the chosen language."""
        return str(self.titles[chosen_language()])

    def told(self, part: str) -> str | None:
        """Return a part of what was said (`message`, `seen`, `look`, `file`), if it was."""
        found = self.said[chosen_language()][part] if self.said else None
        return str(found) if found else None


@dataclass(frozen=True)
class State:
    """All that a view shows."""

    step: Step
    phase: Phase
    run: int = 0  # how many were begun
    criteria: tuple[Criterion, ...] = ()
    running_for: float = 0.0  # seconds
    seconds: float = 0.0  # what the last run took
    polling: bool = False
    trouble: str = ""
    printed: tuple[tuple[str, str], ...] = ()  # commands of the last run's servers, their output

    @property
    def passed(self) -> bool:
        """Whether all criteria are met, by a run that came to its end."""
        met = (Verdict.PASS, Verdict.SKIPPED)
        known = [criterion.verdict in met for criterion in self.criteria]
        return self.phase is Phase.DONE and bool(known) and all(known)

    @property
    def awaited(self) -> list[Criterion]:
        """The criteria that the run has not judged yet."""
        return [criterion for criterion in self.criteria if not criterion.fresh]


Listener = Callable[[State], None]


@dataclass
class _Current:
    run: Run
    number: int
    began: float = field(default_factory=time.monotonic)
    reported: bool = False


class Engine:
    """Checks a project by one step at each save, from `start` to `close`."""

    def __init__(
        self,
        course: Course,
        project: Path,
        step: Step,
        *,
        reached: Step | None = None,
        met: Callable[[Step], None] = lambda step: None,
        events: bool = True,
    ) -> None:
        """Prepare to check by `step`, in a project that has reached the step `reached`.

        `met` hears of each step that passes; `events` false looks for saves from the start.
        """
        self._course = course
        self._project = project
        self._met = met
        self._state = State(step, Phase.RUNNING)
        self._reached = reached or step
        self._listeners: list[Listener] = []
        self._streams: list[queue.Queue[State | None]] = []
        self._inbox: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._changes = Changes(project, lambda it: self._inbox.put(("change", it)), events=events)
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._current: _Current | None = None
        self._spares: list[Run] = []
        self._ending: list[Run] = []
        self._due: float | None = None  # when the next run begins (monotonic seconds)

    @property
    def state(self) -> State:
        """The last state."""
        return self._state

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that it holds."""
        return [run.pid for run in self._runs if run.alive]

    @property
    def _runs(self) -> list[Run]:
        current = [self._current.run] if self._current else []
        return [*self._spares, *current, *self._ending]

    def listen(self, listener: Listener) -> None:
        """Call `listener` with each state, in a thread of the engine's."""
        self._listeners.append(listener)

    def states(self) -> Iterator[State]:
        """Yield the state as it is, then each new one, until the engine is closed."""
        inbox: queue.Queue[State | None] = queue.Queue()
        inbox.put(self._state)
        self._streams.append(inbox)
        try:
            while (state := inbox.get()) is not None:
                yield state
        finally:
            self._streams.remove(inbox)

    def start(self) -> None:
        """Begin with a first run."""
        self._changes.start()
        self._due = time.monotonic()
        self._thread.start()

    def again(self) -> None:
        """Run again, although nothing was saved."""
        self._inbox.put(("again", None))

    def go_to(self, step: Step, reached: Step | None = None) -> None:
        """Check by another step from now on, in a project that has reached the step `reached`."""
        self._inbox.put(("step", (step, reached or step)))

    def close(self) -> None:
        """End everything that was started, and wait for it."""
        self._changes.stop()
        self._inbox.put(("close", None))
        if self._thread.is_alive():
            self._thread.join()
        runs = self._runs
        for run in runs:
            run.ask_to_end()
        for run in runs:
            run.wait()
        self._spares, self._current = [], None
        for stream in self._streams:
            stream.put(None)

    def _loop(self) -> None:
        while True:
            try:
                what, value = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                what, value = "tick", None
            if what == "close":
                return
            try:
                self._handle(what, value)
                now = time.monotonic()
                if self._due is not None and now >= self._due:
                    self._begin()
                if self._current is None or now - self._current.began > _SPARE_AFTER:
                    self._get_ready()
            except Exception as error:  # said, and the watch goes on: never silently dead
                self._say(phase=Phase.TROUBLE, trouble=f"{type(error).__name__}: {error}")

    def _patience(self) -> float | None:
        """How long to wait for an event, in seconds; None for ever."""
        waits = []
        now = time.monotonic()
        if self._due is not None:
            waits.append(self._due - now)
        if self._current is not None:
            waits.append(_LONG)
            if len(self._spares) < _SPARES:
                waits.append(self._current.began + _SPARE_AFTER - now)
        return max(min(waits), 0.001) if waits else None

    def _handle(self, what: str, value: Any) -> None:
        match what, value:
            case "change", Change.SAVED:
                self._due = time.monotonic() + _QUIET
            case "change", Change.BACK:
                self._due = time.monotonic() + _QUIET
            case "change", Change.GONE:
                self._due = None
                self._end_current()
                self._say(phase=Phase.GONE)
            case "change", Change.POLLING:
                self._say(polling=True)
            case "again", _:
                self._due = time.monotonic()
            case "step", (step, reached):
                if step != self._state.step:
                    self._state = replace(
                        self._state, step=step, criteria=(), printed=(), phase=Phase.RUNNING
                    )
                self._reached = reached
                self._due = time.monotonic()
            case "heard", (number, event):
                if self._current is not None and self._current.number == number:
                    self._hear(self._current, event)
            case "tick", _:
                if self._current is not None and self._state.phase is Phase.RUNNING:
                    self._say(running_for=time.monotonic() - self._current.began)

    def _begin(self) -> None:
        self._due = None
        self._end_current()
        if not self._project.is_dir():
            self._say(phase=Phase.GONE)
            return
        number = self._state.run + 1
        try:
            run = self._take_spare() or Run(self._course, self._state.step)
        except OSError as error:
            self._say(phase=Phase.TROUBLE, trouble=error.strerror or str(error))
            return
        self._current = _Current(run, number)
        stale = tuple(replace(known, fresh=False) for known in self._state.criteria)
        self._say(phase=Phase.RUNNING, run=number, criteria=stale, running_for=0.0, trouble="")
        asked = {
            "course": str(self._course.root),
            "project": str(self._project),
            "step": self._state.step.slug,
            "at": max(self._state.step, self._reached, key=lambda each: each.number).slug,
        }
        run.begin(asked, lambda event: self._inbox.put(("heard", (number, event))))

    def _hear(self, current: _Current, event: dict[str, Any]) -> None:
        known = {criterion.id: criterion for criterion in self._state.criteria}
        match event["event"]:
            case "criteria":
                listed = [
                    replace(known[each["id"]], titles=each["title"])
                    if each["id"] in known
                    else Criterion(each["id"], each["title"])
                    for each in event["criteria"]
                ]
                self._say(criteria=tuple(listed))
            case "finding":
                told = tuple(
                    replace(criterion, said=event["said"], fresh=True)
                    if criterion.id == event["id"]
                    else criterion
                    for criterion in self._state.criteria
                )
                self._say(criteria=told)
            case "printed":
                printed = tuple((command, text) for command, text in event["printed"])
                self._state = replace(self._state, printed=printed)
            case "report":
                current.reported = True
                if event["verdict"] == Verdict.PASS:
                    with contextlib.suppress(OSError):  # a full disk: the verdict stands
                        self._met(self._state.step)
                self._say(phase=Phase.DONE, seconds=time.monotonic() - current.began)
            case "trouble":
                current.reported = True
                text = ": ".join(part for part in (event["message"], event["detail"]) if part)
                self._say(phase=Phase.TROUBLE, trouble=text)
            case "ended":
                self._current = None
                current.run.end()
                if not current.reported:
                    self._say(phase=Phase.TROUBLE, trouble=f"exit code {event['code']}")

    def _end_current(self) -> None:
        if self._current is not None:
            self._current.run.end()
            self._ending.append(self._current.run)
            self._current = None
        self._ending = [run for run in self._ending if run.alive]

    def _take_spare(self) -> Run | None:
        """Return the check that has waited longest; the step may be another one since."""
        while self._spares:
            if (run := self._spares.pop(0)).alive:
                return run
        return None

    def _get_ready(self) -> None:
        kept = [run for run in self._spares if run.alive and run.step == self._state.step]
        for run in self._spares:
            if run not in kept:
                run.end()
                self._ending.append(run)
        self._spares = kept
        with contextlib.suppress(OSError):
            while len(self._spares) < _SPARES:
                self._spares.append(Run(self._course, self._state.step))

    def _say(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        for listener in self._listeners:
            listener(self._state)
        for stream in list(self._streams):
            stream.put(self._state)
