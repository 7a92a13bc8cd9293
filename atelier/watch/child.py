"""One check in a process of its own, warm beforehand: `python -m atelier.watch.child COURSE STEP`.

It loads what a check needs, then waits for one line of JSON on its standard input. It answers
in lines of JSON, one an event. SIGTERM, or the end of its standard input, ends it with all
that it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from atelier.i18n import LANGUAGES, say


def main() -> int:
    """Wait for what to check, check it, and tell."""
    signal.signal(signal.SIGTERM, _stop)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    lock = threading.Lock()

    def tell(event: str, **content: Any) -> None:
        with lock:
            answers.write(json.dumps({"event": event, **content}) + "\n")
            answers.flush()

    try:
        _warm_up(*sys.argv[1:3])
        tell("ready")
        asked = sys.stdin.readline()
        if not asked:
            return 0
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
        _check(json.loads(asked), tell)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    return 0


def _warm_up(root: str, step: str) -> None:
    """Load what is slow to load, and forgive what cannot be: the check itself will say so."""
    import atelier.harness.crash
    import atelier.harness.python
    import atelier.harness.world  # noqa: F401
    from atelier.checks.runner import warm_up
    from atelier.course import Course

    course = Course(Path(root))
    with contextlib.suppress(Exception):
        warm_up(course, course.step(step))


def _check(asked: dict[str, str], tell: Any) -> None:
    from atelier.checks.report import Finding
    from atelier.checks.runner import check
    from atelier.course import Course
    from atelier.harness.interpreter import find_interpreter
    from atelier.harness.printed import Printed
    from atelier.harness.source import Source
    from atelier.verdicts import Unmet

    course = Course(Path(asked["course"]))
    step, project = course.step(asked["step"]), Path(asked["project"])

    def begun(_step: str, criteria: Sequence[tuple[str, str]]) -> None:
        found = [
            {"id": name, "title": {language: say(title, language) for language in LANGUAGES}}
            for name, title in criteria
        ]
        tell("criteria", criteria=found)

    def early(_step: str, finding: Finding) -> None:
        said = {language: finding.as_json(language) for language in LANGUAGES}
        tell("finding", id=finding.id, said=said)

    outputs: list[Printed] = []
    try:
        source = Source(project, find_interpreter(project))
        at = course.step(asked["at"])
        [report] = check(
            course, [step], source, at=at, begun=begun, early=early, printed=outputs.extend
        )
    except Unmet as error:
        tell("trouble", message=error.message, detail=error.seen or "")
    except OSError as error:
        tell("trouble", message=error.strerror or str(error), detail=str(error.filename or ""))
    else:
        tell("printed", printed=[[each.command, each.text] for each in outputs])
        tell("report", verdict=report.verdict.value, seconds=report.seconds)


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
