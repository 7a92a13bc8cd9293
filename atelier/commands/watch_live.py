"""Watch mode on a screen. All that happens, states and keys, meets in one place: `Live.run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import click

from atelier.commands.change import keep
from atelier.commands.compare import legend
from atelier.commands.desk import Desk, title
from atelier.commands.hint import next_hints
from atelier.commands.lesson import lesson_text
from atelier.commands.progress import go_on, step_lines, time_left
from atelier.commands.undo import undo_once
from atelier.compare import Kind, differences
from atelier.git import GitFailed
from atelier.i18n import _
from atelier.project import ProjectError
from atelier.state import Progress
from atelier.watch.engine import Engine, State
from atelier.watch.screen import Screen, scrolled
from atelier.watch.view import Line, Place, help_lines, view

_COLOURS = {Kind.PLACE: "cyan", Kind.YOURS: "red", Kind.SOLUTION: "green"}
_WIDEST = 100  # columns of a lesson


class Live:
    """The view in a terminal, and what its keys do."""

    def __init__(self, engine: Engine, project: Path, *, follows: bool) -> None:
        self._engine = engine
        self._project = project
        self._follows = follows
        self._inbox: SimpleQueue[tuple[str, Any]] = SimpleQueue()  # may be filled by a signal
        self._state = engine.state
        self._place = self._where()
        self._note: list[str] = []
        self._page: list[Line] | None = None
        self._top = 0
        self._asked: Callable[[], None] | None = None
        self._keys: dict[str, Callable[[], None]] = {
            "h": self._hint,
            "d": self._diff,
            "n": self._next,
            "l": self._steps,
            "o": self._lesson,
            "r": self._engine.again,
            "u": self._undo,
            "?": self._help,
        }

    def run(self) -> int:
        """Show and obey until q; Ctrl-C raises KeyboardInterrupt, as everywhere."""
        self._engine.listen(lambda state: self._inbox.put(("state", state)))
        with Screen(
            lambda key: self._inbox.put(("key", key)), lambda: self._inbox.put(("size", None))
        ) as self._screen:
            self._engine.start()
            self._draw()
            while True:
                what, value = self._inbox.get()
                if what == "state":
                    self._take(value)
                elif what == "key" and not self._obey(value):
                    break
                if self._inbox.empty():  # of several states at once, the last is drawn
                    self._draw()
        return 0

    def _take(self, state: State) -> None:
        new_run = state.run != self._state.run
        ended = state.phase is not self._state.phase
        self._state = state
        if new_run or ended:
            self._place = self._where()
            current = Desk().step()
            if self._follows and current != state.step:  # `next` in another terminal
                self._engine.go_to(current)

    def _where(self) -> Place:
        """Where the learner is: read anew, for another terminal may have gone on."""
        desk = Desk()
        step = self._state.step
        progress = desk.state.progress(self._project)
        following = desk.course.after(step)
        return Place(
            title(step),
            step.number,
            len(desk.course.steps),
            len([each for each in desk.course.steps if progress and each.slug in progress.met]),
            following is not None and self._follows,
            following is None,
        )

    def _draw(self) -> None:
        width, height = self._screen.size
        if self._page is None:
            lines = view(self._state, self._place, width=width, height=height, note=self._note)
        else:
            room = max(height - 2, 1)
            self._top = max(min(self._top, len(self._page) - room), 0)
            lines = self._page[self._top : self._top + room]
            more = self._top + room < len(self._page)
            foot = _("space: further on  any other key: back") if more else _("any key: back")
            lines = [*lines, Line(""), Line(foot, dim=True)]
        self._screen.draw(lines)

    def _obey(self, key: str) -> bool:
        """Do what a key asks; whether the view goes on."""
        if self._page is not None:
            by = scrolled(key)
            if by is None or (by > 0 and len(self._page) <= self._screen.size[1] - 2):
                self._page = None
            else:
                page = max(self._screen.size[1] - 3, 1)
                self._top += by if abs(by) == 1 else page * (1 if by > 0 else -1)
            return True
        self._note = []
        asked, self._asked = self._asked, None
        if asked is not None:
            if key.lower() in (str(_("y")), "y"):
                asked()
            return True
        if key in ("q", "Q"):
            return False
        action = self._keys.get(key.lower())
        if action is not None:
            try:
                action()
            except ProjectError as error:
                self._note = [str(error.text)]
            except (GitFailed, OSError) as error:
                self._note = [str(error)]
        return True

    def _show(self, lines: Sequence[Line]) -> None:
        self._page, self._top = list(lines), 0

    def _hint(self) -> None:
        desk, step = Desk(), self._state.step
        lines = [Line(title(step), bold=True)]
        for heading, text in next_hints(desk, self._project, step):
            lines += [Line(""), Line(heading, bold=True), Line(""), *self._markdown(text)]
        further = _("Another hint: h. How your files differ from the solution's: d.")
        self._show([*lines, Line(""), Line(further, dim=True)])

    def _diff(self) -> None:
        progress = Desk().state.progress(self._project)
        if progress is not None and self._state.step.slug in progress.met:
            self._show_diff()
            return
        yes, question = _("y"), _("Show it all the same?")
        self._note = [
            _("{title} is not met yet, and this shows its solution.", title=self._place.title),
            f"{question} [{yes}/N]",
        ]
        self._asked = self._show_diff

    def _show_diff(self) -> None:
        lines = [Line(text, dim=True) for text in legend()]
        for each in differences(Desk().course, self._state.step, self._project):
            heading = each.kind is Kind.HEADING
            lines.append(
                Line(
                    each.text.expandtabs(),
                    _COLOURS.get(each.kind),
                    bold=heading,
                    dim=each.kind is Kind.NOTE,
                )
            )
        self._show(lines)

    def _next(self) -> None:
        if not self._state.passed:
            self._note = [_("Some criteria are not met yet: n goes on once they are.")]
            return
        if not self._follows:
            return
        desk = Desk()
        keep(desk, self._project, "next")
        lines = [click.unstyle(line) for line in go_on(desk, self._project)]
        if desk.step() == self._state.step:
            self._show([Line(line) for line in lines])
        else:
            self._note = lines
            self._engine.go_to(desk.step())

    def _undo(self) -> None:
        desk = Desk()
        self._note = undo_once(desk)
        self._engine.go_to(desk.step() if self._follows else self._state.step)

    def _steps(self) -> None:
        desk = Desk()
        progress = desk.state.progress(self._project) or Progress(self._state.step.slug)
        lines = [Line(text) for text in step_lines(desk, self._state.step, progress)]
        self._show([*lines, Line(""), Line(time_left(desk, progress))])

    def _lesson(self) -> None:
        self._show(self._markdown(lesson_text(self._state.step)))

    def _help(self) -> None:
        self._show([Line(text) for text in help_lines()])

    def _markdown(self, text: str) -> list[Line]:
        from rich.console import Console
        from rich.markdown import Markdown

        out = StringIO()
        colours = "NO_COLOR" not in os.environ
        width = min(self._screen.size[0], _WIDEST)
        Console(file=out, width=width, force_terminal=colours).print(
            Markdown(text, hyperlinks=False)
        )
        return [Line(line) for line in out.getvalue().splitlines()]
