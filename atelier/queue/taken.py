"""Where a task that a worker took stands, as far as it can be known.

A worker takes a message (kombu's hash `unacked`) and acknowledges it: one with processes as
it starts the task, one with `--pool=solo` when it has ended it. What a killed worker had
taken stays there until the visibility timeout is over, an hour by default.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from atelier.harness.remote_control import Question
from atelier.queue.entries import Entry, read_started


class Stage(StrEnum):
    """What is known of a task that was taken."""

    RUNNING = "running"
    RESERVED = "reserved"
    SCHEDULED = "scheduled"
    LEFT = "left"  # its worker is gone
    TAKEN = "taken"  # nothing more


_TOLD = {
    "active": Stage.RUNNING,
    "reserved": Stage.RESERVED,
    "scheduled": Stage.SCHEDULED,
}


@dataclass(frozen=True)
class Held:
    """A message that was not acknowledged, taken at `since` (seconds since the epoch)."""

    tag: bytes
    entry: Entry
    since: float


@dataclass(frozen=True)
class Taken:
    """A task that was taken, or is known to have started, at `since`."""

    entry: Entry
    stage: Stage
    since: float | None


@dataclass(frozen=True)
class Started:
    """A task that a worker says it runs."""

    worker: str
    entry: Entry
    since: float | None


def read_active(question: Question | None) -> list[Started]:
    """Return what the workers said that they run."""
    answers = question.answers if question else []
    found = [
        (name, read_started(task))
        for name, tasks in answers
        if isinstance(tasks, list)
        for task in tasks
    ]
    return [Started(name, *task) for name, task in found if task is not None]


def read_told(question: Question) -> dict[str, str]:
    """Return what the workers said of each task that they were asked about."""
    return {id: state for _name, told in question.answers for id, state in _states(told)}


def _states(told: object) -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for id, state in told.items():
            if isinstance(state, list) and state and isinstance(state[0], str):
                yield id, state[0]


def stages(
    held: Sequence[Held],
    running: Collection[str],
    told: Mapping[str, str],
    question: Question | None,
    now: float,
    *,
    whole: bool,
) -> dict[bytes, Stage]:
    """Return the stage of each of `held` (the oldest first), by its tag.

    `running` are the ids that workers say they run, `told` what they said of others,
    `question` the last that they were asked, None where nobody may ask; `whole`: there are
    no others than `held`.
    """
    said = {id: _TOLD.get(state, Stage.TAKEN) for id, state in told.items()}
    said |= dict.fromkeys(running, Stage.RUNNING)
    unexplained = [one.tag for one in held if one.entry.id not in said]
    # A silent worker has one process, which runs one task: what it took last.
    silent = question.silent if question and whole else 0
    with_silent = set(unexplained[-silent:]) if silent else set()

    def stage(one: Held) -> Stage:
        if one.entry.id in said:
            return said[one.entry.id]
        if question is None:
            return Stage.TAKEN
        if not question.silent:
            # Who is there was asked about what is plain, and knows nothing of it.
            return Stage.LEFT if one.entry.plain or not question.listeners else Stage.TAKEN
        if one.entry.eta is not None and one.entry.eta > now:
            return Stage.SCHEDULED
        return Stage.RUNNING if one.tag in with_silent else Stage.TAKEN

    return {one.tag: stage(one) for one in held}
