"""One engine for all the tabs that are open: it begins with the first one, and ends after the last.

An engine checks one step at a time: that of the tab which was opened, or asked, last.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from atelier.course import Step
from atelier.pages.live.learner import Learner
from atelier.pages.live.queue import QueueWatch
from atelier.project import ProjectError

if TYPE_CHECKING:
    from atelier.watch.engine import Engine, State

_LINGER = 20.0  # seconds: from one page to the next, there is no tab for a moment
_BEAT = 3.0  # seconds


class Hub:
    """Shares an engine between streams. `version` grows each time that something changed."""

    def __init__(self, learner: Learner, *, linger: float = _LINGER, beat: float = _BEAT) -> None:
        """Serve `learner`; the engine goes `linger` seconds after the last tab.

        Each `beat` seconds, a tab looks at what was done in a terminal.
        """
        self.learner = learner
        self.queue = QueueWatch(learner.redis_url, self.touch)
        self.beat = beat
        self._linger = linger
        self._lock = threading.RLock()
        self._changed = threading.Condition()
        self._version = 0
        self._tabs = 0
        self._step: Step | None = None
        self._asked: tuple[Step, Step] | None = None  # of the engine: the step, and that reached
        self._engine: Engine | None = None
        self._project: Path | None = None
        self._farewell: threading.Timer | None = None
        self.closed = False

    @contextlib.contextmanager
    def tab(self, step: Step) -> Iterator[None]:
        """Have the criteria of `step` checked as long as this is open, or another tab is."""
        with self._lock:
            self._tabs += 1
            if self._farewell is not None:
                self._farewell.cancel()
                self._farewell = None
        try:
            self.focus(step)
            yield
        finally:
            with self._lock:
                self._tabs -= 1
                if self._tabs == 0 and not self.closed:
                    self._farewell = threading.Timer(self._linger, self._end_unwatched)
                    self._farewell.daemon = True
                    self._farewell.start()

    def focus(self, step: Step) -> None:
        """Check by `step` from now on; the other tabs are told that theirs is not."""
        with self._lock:
            self._step = step
            self.attend()
        self.touch()

    def attend(self) -> None:
        """Have an engine for the project that there is now, at the step where it is now."""
        old = None
        place: Path | None = None
        with contextlib.suppress(ProjectError):
            place = self.learner.place
        with self._lock:
            if not self._tabs or self.closed:
                return
            if place != self._project or self._engine is None:
                old, self._engine, self._project = self._engine, None, place
            if place is not None and self._step is not None:
                asked = self._step, self._reached(self._step)
                if self._engine is None:
                    self._engine = self.learner.engine(place, *asked)
                    self._engine.listen(lambda _state: self.touch())
                    self._engine.start()
                elif asked != self._asked:
                    self._engine.go_to(*asked)
                self._asked = asked
        if old is not None:
            old.close()

    def state(self, step: Step) -> State | None:
        """Return what is known of the criteria of `step`; None while those of another are checked.

        Raises ProjectError when there is no project.
        """
        place = self.learner.place
        with self._lock:
            if self._engine is None or place != self._project or step != self._step:
                return None
            state = self._engine.state
            return state if state.step == step else None

    def is_elsewhere(self, step: Step) -> bool:
        """Whether the criteria of another step than `step` are checked."""
        with self._lock:
            return step != self._step

    def again(self, step: Step) -> None:
        """Check `step` now, although nothing was saved."""
        with self._lock:
            if step == self._step and self._engine is not None:
                self._engine.again()
        self.focus(step)

    def touch(self) -> None:
        """Say that something changed."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until the version is another one than `seen`, at most `seconds`; return it."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != seen or self.closed, seconds)
            return self._version

    @property
    def version(self) -> int:
        """How often something changed."""
        return self._version

    @property
    def engine(self) -> Engine | None:
        """The engine, None while nobody looks."""
        return self._engine

    def close(self) -> None:
        """End the engine and all streams."""
        with self._lock:
            self.closed = True
            if self._farewell is not None:
                self._farewell.cancel()
            engine, self._engine = self._engine, None
        self.touch()
        if engine is not None:
            engine.close()

    def _end_unwatched(self) -> None:
        with self._lock:
            if self._tabs:
                return
            engine, self._engine, self._step = self._engine, None, None
        if engine is not None:
            engine.close()

    def _reached(self, step: Step) -> Step:
        """The later one of `step` and the project's: what is overtaken there is not asked."""
        try:
            return max(step, self.learner.step, key=lambda each: each.number)
        except ProjectError:
            return step
