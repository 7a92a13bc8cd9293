"""What begin_process leaves behind when it cannot send: nothing less than there was."""

from __future__ import annotations

import pytest

from atelier.answers import project_with
from atelier.course import Course
from atelier.harness.world import World

ASK = """
import background
from factory import create_app
from tasks import tell_time, very_slow_add

with create_app().app_context():
    first = background.begin_process(tell_time, (0,), polling_url="/held/")
    try:
        background.begin_process(very_slow_add, (object(), 1), polling_url="/held/")
    except Exception as error:
        raised = type(error).__name__
    text = background.check_status_or_begin(tell_time, (0,), polling_url="/held/")
    tell([raised, first, background.get_taskid_from_url("/held/"), text == background.BEGUN])
"""


@pytest.mark.parametrize("step", ["32-polling-url", "33-start-once"])
def test_a_call_that_is_not_sent_takes_nothing_away(course: Course, step: str) -> None:
    tree = course.tree(course.step(step))
    with project_with(tree) as source, World(source) as world:
        raised, first, found, begun = world.python(ASK)
        assert raised == "EncodeError"
        assert found == first
        assert begun is False
        assert len(world.queue.waiting()) == 1
