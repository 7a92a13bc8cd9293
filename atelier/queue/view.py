"""A look at a Redis as lines for a reader."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum

from atelier.harness.queue import QUEUE
from atelier.i18n import _
from atelier.printable import printable
from atelier.queue.entries import Done, Entry
from atelier.queue.reader import Look
from atelier.queue.taken import Stage, Taken
from atelier.queue.workers import Worker, WorkerState

_ID_LENGTH = 8
_NAME_LENGTH = 60
_SOME = 10  # lines of one kind


class Kind(StrEnum):
    """What a line is, for those who show it in colours."""

    HEADING = "heading"
    ITEM = "item"
    NOTE = "note"


Line = tuple[Kind, str]


def view(look: Look, address: str, *, height: int | None = None) -> list[Line]:
    """Return the lines that show `look`, at most `height` of them where that can be done."""
    workers = list(_workers(look))
    parts: list[tuple[str, list[str], int]] = [
        (_("Waiting: {count}", count=look.waiting_count), *_waiting(look)),
        (_taken_heading(look), *_taken(look)),
        (_done_heading(look), *_done(look)),
    ]
    # The address, three headings, three "more" and an empty line with what follows them.
    room = None if height is None else height - len(workers) - 9
    shares = _shares([len(items) for _heading, items, _count in parts], room)
    lines: list[Line] = [(Kind.HEADING, _("Redis: {address}", address=address))]
    for (heading, items, count), share in zip(parts, shares, strict=True):
        lines.append((Kind.HEADING, heading))
        lines += [(Kind.ITEM, f"  {item}") for item in items[:share]]
        if count > share:
            lines.append((Kind.NOTE, "  " + _("… and {count} more", count=count - share)))
    return lines + workers


def _shares(wanted: Sequence[int], room: int | None) -> list[int]:
    """Share `room` lines, the smallest wishes first; at least one line to each."""
    left = sum(wanted) if room is None else room
    shares = [0] * len(wanted)
    for place, at in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[at] = min(wanted[at], _SOME, max(1, left // (len(wanted) - place)))
        left -= shares[at]
    return shares


def _waiting(look: Look) -> tuple[list[str], int]:
    return [_entry(entry) for entry in look.waiting], look.waiting_count


def _entry(entry: Entry) -> str:
    if not entry.call:
        return _("(not a message of Celery)")
    words = [_short(entry.id), entry.call]
    if entry.queue not in (None, QUEUE):
        words.append(_("in the queue {name}", name=printable(str(entry.queue), _NAME_LENGTH)))
    return "  ".join(words)


def _short(id: str) -> str:
    return printable(id[:_ID_LENGTH], 4 * _ID_LENGTH)


def _taken_heading(look: Look) -> str:
    if all(task.stage is Stage.RUNNING for task in look.taken):
        return _("Running: {count}", count=look.taken_count)
    return _("Taken by a worker: {count}", count=look.taken_count)


def _taken(look: Look) -> tuple[list[str], int]:
    items = [f"{_entry(task.entry)}  {_stage(task, look.time)}".rstrip() for task in look.taken]
    return items, look.taken_count


def _stage(task: Taken, now: float) -> str:
    since = None if task.since is None else _duration(now - task.since)
    match task.stage:
        case Stage.RUNNING:
            return _("running for {time}", time=since) if since else _("running")
        case Stage.RESERVED:
            return _("reserved")
        case Stage.SCHEDULED if task.entry.eta is not None:
            return _("scheduled for {time}", time=_clock(task.entry.eta))
        case Stage.SCHEDULED:
            return _("scheduled")
        case Stage.LEFT:
            return _("its worker is gone")
        case Stage.TAKEN:
            return _("taken {time} ago", time=since) if since else ""


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _clock(when: float) -> str:
    try:
        return time.strftime("%H:%M:%S", time.localtime(when))
    except (ValueError, OverflowError, OSError):
        return "?"


def _done_heading(look: Look) -> str:
    if look.done_complete:
        return _("Done: {count}", count=look.done_count)
    return _("Done: more than {count}", count=look.done_count)


def _done(look: Look) -> tuple[list[str], int]:
    return [_result(done) for done in look.done], look.done_count


def _result(done: Done) -> str:
    words = [_short(done.id)]
    if done.when is not None:
        words.append(_clock(done.when))
    words += [done.state, done.value] if done.state else [_("(not JSON)")]
    return "  ".join([*words, done.call] if done.call else words)


def _workers(look: Look) -> Iterator[Line]:
    if look.workers is None:
        yield Kind.HEADING, _("Workers: unknown (this Redis does not let them be asked)")
        return
    yield Kind.HEADING, _("Workers: {count}", count=look.worker_count)
    for worker in look.workers[:_SOME]:
        yield Kind.ITEM, f"  {_name(worker)}  {_STATES[worker.state]()}"
    if len(look.workers) > _SOME:
        yield Kind.NOTE, "  " + _("… and {count} more", count=len(look.workers) - _SOME)
    if not look.workers and look.waiting_count:
        yield Kind.NOTE, "  " + _("The messages wait until a worker starts.")
    names = Counter(worker.name for worker in look.workers if worker.name)
    if any(count > 1 for count in names.values()):
        yield (
            Kind.NOTE,
            "  "
            + _("Several workers have one name: is an old one still running in another terminal?"),
        )


def _name(worker: Worker) -> str:
    return _("another") if worker.name is None else printable(worker.name, _NAME_LENGTH)


# Functions: a sentence is said in the language that is chosen when it is shown.
_STATES = {
    WorkerState.READY: lambda: _("ready"),
    WorkerState.BUSY: lambda: _("busy"),
    WorkerState.SILENT: lambda: _("connected, no answer yet"),
    WorkerState.UNCERTAIN: lambda: _("busy or gone"),
}
