"""What the buttons of a page do: the same as the commands in a terminal, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from atelier.course import Step
from atelier.git import GitFailed
from atelier.i18n import _, chosen_language
from atelier.pages.live.hub import Hub
from atelier.pages.live.inert import inert
from atelier.project import ProjectError

_ONE_AT_A_TIME = threading.Lock()


def act(hub: Hub, step: Step, action: str, *, anyway: bool = False) -> dict[str, Any]:
    """Do `action`, one of ACTIONS, for the page of `step`, and return what the page is told.

    `lines` is what there is to say, in the language that is spoken.
    """
    with _ONE_AT_A_TIME:
        try:
            return ACTIONS[action](hub, step, anyway)
        except ProjectError as error:
            return _say(error.text)
        except (GitFailed, OSError) as error:
            return _say(str(error))
        finally:
            hub.touch()


def _say(*lines: str) -> dict[str, Any]:
    return {"lines": [inert(line) for line in lines]}


def _again(hub: Hub, step: Step, _anyway: bool) -> dict[str, Any]:
    hub.again(step)
    return _say()


def _hint(hub: Hub, step: Step, _anyway: bool) -> dict[str, Any]:
    hub.learner.next_hint(step)
    return _say()


def _diff(hub: Hub, step: Step, anyway: bool) -> dict[str, Any]:
    """Before the step is met, its solution is shown to who asks twice."""
    title = f"{step.number:02d} · {step.titles[chosen_language()]}"
    if not anyway and step.slug not in hub.learner.standing().met:
        text = _("{title} is not met yet, and this shows its solution.", title=title)
        return {**_say(text), "asks": True}
    lines = hub.learner.differences(step)
    return {**_say(), "diff": [[line.kind.value, inert(line.text)] for line in lines]}


def _next(hub: Hub, step: Step, _anyway: bool) -> dict[str, Any]:
    if not may_go_on(hub, step):
        return _say(_("Go on from the step where you are, once all its criteria are met."))
    lines = hub.learner.go_on()
    following = hub.learner.step
    hub.attend()
    return {**_say(*lines), **({"to": following.name} if following != step else {})}


def _undo(hub: Hub, step: Step, _anyway: bool) -> dict[str, Any]:
    lines = hub.learner.undo()
    return _say(*lines)


def _output(hub: Hub, step: Step, _anyway: bool) -> dict[str, Any]:
    """What the servers of the last check printed; nothing of it is kept longer than that."""
    state = hub.state(step)
    printed = state.printed if state is not None else ()
    if not printed:
        return _say(_("The last check of this step has started no server."))
    return {**_say(), "output": [[inert(each) for each in pair] for pair in printed]}


def may_go_on(hub: Hub, step: Step) -> bool:
    """Whether the learner is at `step`, and all that stands on disk meets it, or it is optional."""
    state = hub.state(step)
    met = step.optional or (state is not None and state.passed)
    return met and hub.learner.step == step


ACTIONS: dict[str, Callable[[Hub, Step, bool], dict[str, Any]]] = {
    "again": _again,
    "diff": _diff,
    "hint": _hint,
    "next": _next,
    "output": _output,
    "undo": _undo,
}
