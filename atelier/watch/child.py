"""One check in a process of its own, warm beforehand: `python -m atelier.watch.child COURSE STEP`.

It loads what a check needs, then waits for one line of JSON on its standard input. It answers
in lines of JSON, one an event. SIGTERM, or the end of its standard input, ends it with all
that it started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from atelier.i18n import LANGUAGES, say


def main() -> int:
    """Wait for what to check, check it, and tell."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    lock = threading.Lock()

    def tell(event: str, **content: Any) -> None:
        with lock:
            answers.write(json.dumps({"event": event, **content}) + "\n")
            answers.flush()

    def asked() -> dict[str, str] | None:
        tell("ready")
        line = sys.stdin.readline()
        if not line:
            return None
        # Until here nothing was started, and SIGTERM ends this at once: pytest, which reads the
        # criteria, may swallow an exception.
        signal.signal(signal.SIGTERM, _stop)
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
        found: dict[str, str] = json.loads(line)
        return found

    try:
        _check(sys.argv[1], sys.argv[2], asked, tell)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    return 0


def _check(root: str, name: str, asked: Callable[[], dict[str, str] | None], tell: Any) -> None:
    """Load what a check of the step `name` needs, then do what `asked` returns, and tell."""
    import atelier.harness.crash
    import atelier.harness.python
    import atelier.harness.world  # noqa: F401
    from atelier.checks.report import Finding
    from atelier.checks.runner import Asked, check_when_asked
    from atelier.course import Course
    from atelier.harness.interpreter import find_interpreter
    from atelier.harness.printed import Printed
    from atelier.harness.source import Source
    from atelier.verdicts import Unmet

    course = Course(Path(root))
    step = course.step(name)

    def what() -> Asked | None:
        found = asked()
        if found is None:
            return None
        project = Path(found["project"])
        source = Source(project, find_interpreter(project))
        return Asked(source, course.step(found["step"]), course.step(found["at"]))

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
        report = check_when_asked(
            course, step, what, begun=begun, early=early, printed=outputs.extend
        )
    except Unmet as error:
        tell("trouble", message=error.message, detail=error.seen or "")
    except OSError as error:
        tell("trouble", message=error.strerror or str(error), detail=str(error.filename or ""))
    else:
        if report is not None:
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
