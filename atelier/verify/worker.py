"""A worker process of `verify`: reads jobs on its input, a line each, writes what came of them.

`python -I -m atelier.verify.worker ROOT`. Criteria run in it, so that they run beside others.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from atelier.course import Course
from atelier.i18n import choose_language
from atelier.verify.jobs import Job, perform


def main(root: str) -> int:
    """Do jobs until the input ends; 130 when interrupted, all that was started being ended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    choose_language("en")
    # What else is printed here, by a library or a crash, must not be taken for an outcome.
    with os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1) as answers:
        os.dup2(2, 1)
        course = Course(Path(root))

        def answer(**content: Any) -> None:
            answers.write(json.dumps(content) + "\n")

        try:
            for line in sys.stdin:
                job = Job(**{**(asked := json.loads(line)), "about": tuple(asked["about"])})
                outcome = perform(course, job, lambda step: answer(progress=step))
                answer(outcome=outcome.as_json())
        except KeyboardInterrupt:
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
