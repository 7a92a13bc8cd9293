"""What a tab shows beside its lesson, in its language. Hints are HTML, and the rest is text."""

from __future__ import annotations

from typing import Any

from atelier.checks.badges import badge
from atelier.course import Step
from atelier.i18n import _
from atelier.lesson.parse import markdown
from atelier.pages.live.actions import may_go_on
from atelier.pages.live.hub import Hub
from atelier.pages.live.inert import inert
from atelier.project import ProjectError
from atelier.verdicts import Verdict
from atelier.watch.engine import Criterion, Phase, State

_LONG = 2.0  # seconds; after that, the page says what the run waits for
_MET = (Verdict.PASS, Verdict.SKIPPED)


def snapshot(hub: Hub, step: Step) -> dict[str, Any]:
    """Return what the page of `step` shows now, in the language that is spoken."""
    standing = hub.learner.standing()
    common: dict[str, Any] = {
        "waits": "",
        "criteria": [],
        "hints": [],
        "more_hints": False,
        "may_go_on": False,
        "met": sorted(standing.met),
        "here": standing.here,
    }
    try:
        state = hub.state(step)
        hints, count = hub.learner.hints(step)
        common["may_go_on"] = may_go_on(hub, step)
    except ProjectError as error:
        return {**common, "phase": "none", "status": inert(error.text)}
    common["hints"] = [{"heading": heading, "html": _html(text)} for heading, text in hints]
    common["more_hints"] = len(hints) < count
    if state is None:
        elsewhere = _("Another tab is open, and its step is checked instead.")
        if hub.is_elsewhere(step):
            return {**common, "phase": "elsewhere", "status": elsewhere}
        return {**common, "phase": "running", "status": _("Running …")}
    return {
        **common,
        "phase": "met" if state.passed else state.phase.value,
        "status": inert(_status(state)),
        "waits": inert(_waits(state)),
        "criteria": _criteria(state),
    }


def _html(text: str) -> str:
    """Return a hint, which is the course's own Markdown, as HTML."""
    return str(markdown().render(text))


def _criteria(state: State) -> list[dict[str, Any]]:
    """Each criterion with its verdict; the first one that is not met is the one to open."""
    unmet = [each.id for each in state.criteria if each.verdict not in (None, *_MET)]
    return [_criterion(each, unmet[:1] == [each.id]) for each in state.criteria]


def _criterion(criterion: Criterion, first: bool) -> dict[str, Any]:
    verdict = criterion.verdict
    return {
        "id": criterion.id,
        "title": criterion.title,
        "verdict": verdict.value if verdict else "waiting",
        "badge": badge(verdict) if verdict else _("waiting"),
        "fresh": criterion.fresh,
        "open": first,
        "told": _told(criterion) if verdict not in (None, Verdict.PASS) else [],
    }


def _told(criterion: Criterion) -> list[dict[str, str]]:
    """What was expected, what was seen, where to look: lines, and what a program said."""
    parts = [{"text": inert(criterion.told("message") or "")}]
    if seen := criterion.told("seen"):
        parts.append({"text": _("Seen:"), "output": inert(seen)})
    if look := criterion.told("look"):
        file = criterion.told("file")
        where = f" ({file})" if file else ""
        parts.append({"text": inert(_("Look: {question}{where}", question=look, where=where))})
    return parts


def _status(state: State) -> str:
    match state.phase:
        case Phase.GONE:
            return _("The project's folder is not there. This waits until it is back.")
        case Phase.TROUBLE:
            said = _("Our side, nothing to fix: the criteria could not be run.")
            return f"{said} {state.trouble}"
        case Phase.RUNNING:
            return _("Running …")
        case Phase.DONE:
            judged = [each for each in state.criteria if each.verdict is not Verdict.SKIPPED]
            met = sum(each.verdict is Verdict.PASS for each in judged)
            if state.passed:
                return _("All {count} criteria are met.", count=met)
            said = _("{met} of {count} criteria are met.", met=met, count=len(judged))
            took = _(
                "It took {seconds:.1f} s. This runs again when you save.", seconds=state.seconds
            )
            return f"{said} {took}"


def _waits(state: State) -> str:
    if state.phase is not Phase.RUNNING or state.running_for < _LONG or not state.awaited:
        return ""
    return _(
        "Running for {seconds:.0f} s, and waiting for: {criteria}",
        seconds=state.running_for,
        criteria="; ".join(each.title for each in state.awaited),
    )
