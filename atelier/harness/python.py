"""Asks questions of a learner's modules in a Python of theirs, and reads the JSON answers."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from atelier.harness.crash import program_stopped
from atelier.harness.deadline import Deadline

if TYPE_CHECKING:
    from atelier.harness.world import World

_LOOK_EVERY = 0.02  # seconds

# Run by the learner's interpreter. The answers go to a file: they may print what they like.
_ASK = """\
import json, os, sys, traceback, types
sys.path.insert(0, os.getcwd())  # as `flask shell` does, after its own imports
given = json.loads(sys.argv.pop())
count = 0

def write(answer):
    global count
    count += 1
    with open(given["answers"] + ".part", "w") as file:
        json.dump(answer, file, default=repr)
    os.replace(file.name, given["answers"] + str(count))

def tell(value):
    write({"value": value})

def attempt(function):
    try:
        value = function()
    except Exception:
        write({"traceback": traceback.format_exc()})
    else:
        tell(value)

# A module like any other: what marks functions may look theirs up.
module = sys.modules["question"] = types.ModuleType("question")
names = vars(module)
names.update(tell=tell, attempt=attempt, **given["values"])
exec(compile(given["code"], "<question>", "exec"), names)
"""


class Question:
    """Code that runs in a Python of the project, and what it tells.

    The code calls `tell(value)`, once or several times, with what can be JSON, or
    `attempt(function)`, which tells what the function returns and survives what it raises.
    """

    def __init__(self, world: World, code: str, values: dict[str, Any]) -> None:
        self._world = world
        self._answers = world.home / f"answer-{secrets.token_hex(4)}-"
        given = {"code": code, "values": values, "answers": str(self._answers)}
        self._process = world.start([world.interpreter.python, "-P", "-c", _ASK, json.dumps(given)])

    def answer(self, seconds: float, *, number: int = 1) -> Any:
        """Return what it tells, the `number`th time, within `seconds`.

        Raises ProgramStopped, TookTooLong.
        """
        deadline = Deadline(seconds)
        path = self._answers.with_name(f"{self._answers.name}{number}")
        while True:
            ended = self._process.exit_code is not None
            try:
                content = path.read_bytes()
            except OSError:
                if ended:
                    self._process.wait(deadline)
                    raise self._world.stopped("python", self._process) from None
                if deadline.over:
                    raise self._process.too_long(deadline) from None
                time.sleep(_LOOK_EVERY)
                continue
            return self._value(json.loads(content))

    def _value(self, told: dict[str, Any]) -> Any:
        if "traceback" in told:
            raise program_stopped(
                "python", told["traceback"], None, self._world.root, self._world.source.shadows()
            )
        return told["value"]
