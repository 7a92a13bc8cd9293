"""What the terminal shows of watch mode, as lines: nothing here prints, reads keys or waits."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from atelier.checks.badges import badge
from atelier.i18n import Text, _
from atelier.terminal import can_write, symbols
from atelier.verdicts import Verdict
from atelier.watch.engine import Criterion, Phase, State

_LONG = 2.0  # seconds; after that, the view says what the run waits for
_BAR = 24  # columns


@dataclass(frozen=True)
class Line:
    """One line and how it is styled (the words of click.style)."""

    text: str
    colour: str | None = None
    bold: bool = False
    dim: bool = False


@dataclass(frozen=True)
class Place:
    """Where the learner is in the course."""

    title: str
    number: int
    count: int
    met: int
    has_next: bool
    last: bool = False


def view(
    state: State, place: Place, *, width: int = 80, height: int = 24, note: Sequence[str] = ()
) -> list[Line]:
    """Return at most `height` lines of at most `width` columns; `note` is the answer to a key."""
    wrap = _wrapper(max(width, 20))
    head = [
        *wrap(place.title, "", bold=True),
        *wrap(_progress(place), "", dim=True),
        Line(""),
    ]
    body = _body(state, wrap)
    foot = [Line(""), *_status(state, place, wrap)]
    if state.polling:
        foot += wrap(
            _("This file system sends no events: the files are looked at four times a second."),
            "",
            dim=True,
        )
    for text in note:
        foot += wrap(text, "", colour="cyan")
    foot += wrap(keys(state, place), "", dim=True)
    room = height - len(head) - len(foot)
    if room < 1:
        return [*head[:1], *foot[-max(height - 1, 1) :]][:height]
    if len(body) > room:
        body = [*body[: room - 1], Line("  …" if can_write("…") else "  ...", dim=True)]
    return [*head, *body, *foot]


def keys(state: State, place: Place) -> str:
    """Return the line of keys; `n` is offered when all is met."""
    offered = [
        _("h hint"),
        _("d diff"),
        *([_("n next")] if state.passed and place.has_next else []),
        _("l steps"),
        _("o lesson"),
        _("r run"),
        _("u undo"),
        _("? help"),
        _("q quit"),
    ]
    return "  ".join(offered)


def help_lines() -> list[str]:
    """Return what each key does."""
    return [
        _("h  the next hint, one at a time"),
        _("d  how your files differ from the solution's"),
        _("n  the next step, once all criteria are met"),
        _("l  the list of steps"),
        _("o  the lesson"),
        _("r  run the criteria again"),
        _("u  bring back your files as they were before the last change by a command"),
        _("q  end this view (Ctrl-C too)"),
        "",
        _("The criteria run by themselves each time you save a file."),
    ]


_Wrap = Callable[..., list[Line]]


def _wrapper(width: int) -> _Wrap:
    def wrap(text: str, indent: str, **style: object) -> list[Line]:
        lines: list[str] = []
        for part in str(text).splitlines() or [""]:
            lines += textwrap.wrap(
                part,
                width - 1,
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
                replace_whitespace=False,
                drop_whitespace=True,
            ) or [""]
        return [Line(line, **style) for line in lines]  # type: ignore[arg-type]

    return wrap


def _progress(place: Place) -> str:
    done = round(_BAR * place.met / place.count)
    full, empty = ("█", "░") if can_write("█░") else ("#", ".")
    bar = full * done + empty * (_BAR - done)
    said = _(
        "step {number} of {count}, {met} met",
        number=place.number,
        count=place.count,
        met=place.met,
    )
    return f"{bar} {said}"


def _body(state: State, wrap: _Wrap) -> list[Line]:
    lines: list[Line] = []
    explained = False
    for criterion in state.criteria:
        lines += _criterion(criterion, wrap)
        unmet = criterion.verdict not in (None, Verdict.PASS, Verdict.SKIPPED)
        if unmet and not explained:
            explained = True
            lines += _explained(criterion, wrap)
    return lines


def _criterion(criterion: Criterion, wrap: _Wrap) -> list[Line]:
    verdict = criterion.verdict
    if verdict is None:
        return wrap(f"  . {criterion.title}", "", dim=True)
    mark, colour = symbols()[verdict]
    text = f"  {mark} {criterion.title}"
    if verdict is Verdict.SKIPPED:
        text += f" ({criterion.told('message')})"
    elif verdict is not Verdict.PASS:
        text = str(_("{criterion}: {verdict}", criterion=text, verdict=badge(verdict)))
    # What a run has not judged again yet is pale.
    return wrap(text, "", colour=colour, dim=not criterion.fresh)


def _explained(criterion: Criterion, wrap: _Wrap) -> list[Line]:
    indent = " " * 6
    dim = not criterion.fresh
    lines = wrap(criterion.told("message") or "", indent, dim=dim)
    if seen := criterion.told("seen"):
        label = str(_("Seen:"))
        lines += wrap(f"{label}\n{seen}" if "\n" in seen else f"{label} {seen}", indent, dim=dim)
    if look := criterion.told("look"):
        file = criterion.told("file")
        where = f" ({file})" if file else ""
        lines += wrap(_("Look: {question}{where}", question=look, where=where), indent, dim=dim)
    return [*lines, Line("")]


def _status(state: State, place: Place, wrap: _Wrap) -> list[Line]:
    match state.phase:
        case Phase.GONE:
            text: Text = _("The project's folder is not there. This waits until it is back.")
            return wrap(text, "", colour="magenta")
        case Phase.TROUBLE:
            text = _("Our side, nothing to fix: the criteria could not be run.")
            more = _("This goes on at the next save; r tries again.")
            return wrap(f"{text} {state.trouble}\n{more}", "", colour="blue")
        case Phase.RUNNING:
            if state.running_for < _LONG or not state.awaited:
                return wrap(_("Running …") if can_write("…") else "...", "", dim=True)
            awaited = "; ".join(criterion.title for criterion in state.awaited)
            text = _(
                "Running for {seconds:.0f} s, and waiting for: {criteria}",
                seconds=state.running_for,
                criteria=awaited,
            )
            return wrap(text, "", dim=True)
        case Phase.DONE:
            return _verdict(state, place, wrap)


def _verdict(state: State, place: Place, wrap: _Wrap) -> list[Line]:
    judged = [each for each in state.criteria if each.verdict is not Verdict.SKIPPED]
    met = sum(each.verdict is Verdict.PASS for each in judged)
    if state.passed:
        text = _("All {count} criteria are met.", count=met)
        following = _("To go on, press n.")
        if not place.has_next:
            following = _("This was the last step of the course.") if place.last else Text("", {})
        return wrap(f"{text} {following}", "", colour="green")
    text = _("{met} of {count} criteria are met.", met=met, count=len(judged))
    took = _("It took {seconds:.1f} s. This runs again when you save.", seconds=state.seconds)
    return wrap(f"{text} {took}", "")
