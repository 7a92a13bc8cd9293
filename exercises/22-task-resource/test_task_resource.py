"""Step 22: a task is a resource: started by POST, looked at by GET, its result once it is there."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from atelier.checks import (
    Deadline,
    _,
    criterion,
    expect,
    expect_status,
    is_waiting,
    start_web,
)

TASKS = "/task/"
AT_ONCE = 2.0  # seconds; the task takes five
LASTS = 5.0
SHORT = 1  # whole: the number of seconds may be an int
ENDS = ("started", "found")
FOLLOW = """
from flask.cli import ScriptInfo
client = ScriptInfo().load_app().test_client()
started = client.post(path)
location = started.headers.get("Location")
told = {"status": started.status_code, "started": started.get_json(silent=True)}
if location:
    found = client.get(location)
    told |= {"location": location, "found": found.get_json(silent=True), "text": found.text[:300]}
tell(told)
"""


def fields(response):
    """The object in a JSON answer; an empty one when it holds none."""
    found = response.json()
    return found if isinstance(found, dict) else {}


def posted(worlds):
    """Two POST while no worker takes a task, and what then waits."""
    world = worlds.shared()
    web = start_web(world)
    answers = [web.request("POST", TASKS, seconds=15) for _number in range(2)]
    return web, answers, world.queue.wait_for_messages(2, Deadline(2))


def ids(worlds):
    """The ids in the two answers. Raises NotYet when there are none."""
    web, answers, _waiting = worlds.once(posted)
    for answer in answers:
        expect_status(answer, 202, "POST /task/", web)
    found = [fields(answer).get("task_id") for answer in answers]
    expect(
        all(isinstance(each, str) and each for each in found),
        _("Expected: the answer is JSON, with the id of the task in task_id."),
        seen=answers[0].text[:300],
        look=_("Which attribute of what delay returns is the id?"),
    )
    return found


def early(worlds):
    """What GET tells of a task that waits."""
    web, _answers, _waiting = worlds.once(posted)
    return web.get(f"{TASKS}{worlds.once(ids)[0]}", seconds=8)


def done(worlds):
    """What GET tells once a worker has run the first task, and how long that took."""
    web, _answers, waiting = worlds.once(posted)
    first = worlds.once(ids)[0]
    worlds.once(early)
    world = worlds.shared()
    # The shorter one first: the worker runs both side by side.
    short = world.queue.put(waiting[0].task, SHORT) if waiting else None
    worker = world.resting_worker
    began = worker.begin()
    brief = world.queue.wait_for_result(short, Deadline(4)) if short else None
    world.queue.wait_for_result(first, Deadline(9))
    took = time.monotonic() - began
    answer = web.get(f"{TASKS}{first}", seconds=8)
    failed = None
    # Last, and where results are kept: its error stands in no log that another criterion shows.
    if brief is not None:
        bad = world.queue.put(waiting[0].task, *[[]] * 9)  # more arguments than it can have
        ended = world.queue.wait_for_result(bad, Deadline(2))
        if ended is not None and ended.state == "FAILURE":
            failed = web.get(f"{TASKS}{bad}", seconds=8)
    return answer, took, brief, worker, failed


def moment(value):
    """The date and time in a result, None when it is none."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value)
        except (TypeError, ValueError):
            continue
        return found.astimezone(UTC)  # without a zone it is local
    return None


def tells_now(value):
    """Whether the date and time of the last minutes stand in a result, in whatever form.

    The month may be a word, in any language; it is not looked at.
    """
    told = moment(value) if isinstance(value, str) else None
    if told and abs(datetime.now(UTC) - told) < timedelta(minutes=5):
        return True
    text = json.dumps(value, ensure_ascii=False)
    for minutes in range(-1, 5):
        utc = datetime.now(UTC) - timedelta(minutes=minutes)
        for when in (utc, utc.astimezone()):  # without a zone, either may be meant
            hours = rf"(?<!\d)0?({when.hour}|{when.hour % 12 or 12})"
            parts = (
                rf"{hours}\s?[:hH]\s?{when:%M}",
                rf"(?<!\d)0?{when.day}(?!\d)",
                rf"(?<!\d)({when:%Y}|{when:%y})(?!\d)",
            )
            if all(re.search(part, text) for part in parts):
                return True
    return False


@criterion(_("POST /task/ answers 202 at once, with task_id and state"), file="views/task.py")
def test_post_starts_a_task(worlds):
    _web, answers, _waiting = worlds.once(posted)
    found = worlds.once(ids)
    expect(
        found[0] != found[1] and all(is_waiting(fields(answer).get("state")) for answer in answers),
        _("Expected: each POST starts a task of its own, and the answer has its state."),
        seen=[answer.text[:200] for answer in answers],
        look=_("What do the id and the state of the answer come from?"),
    )
    seconds = min(answer.seconds for answer in answers)
    expect(
        seconds < AT_ONCE,
        _("Expected: the answer comes at once; the work is for the worker."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("Which line of the route waits for the result?"),
    )


@criterion(_("POST /task/ leaves a message for the worker"), file="views/task.py")
def test_message_waits(worlds):
    _web, _answers, waiting = worlds.once(posted)
    found = worlds.once(ids)
    expect(
        [message.id for message in waiting] == found,
        _("Expected: a message with the id of each answer waits in Redis."),
        seen=[f"{message.task} {message.id}" for message in waiting],
        look=_("Is the id of the answer that of the task which was sent?"),
    )


@criterion(_("Location leads to the new task"), file="views/task.py")
def test_location_leads_to_the_task(worlds):
    told = worlds.new().python(FOLLOW, path=TASKS)
    expect(
        told.get("location"),
        _("Expected: the answer to POST has a header Location."),
        seen=_("{status}, without Location", status=told["status"]),
        look=_("What comes third in the return of the route?"),
    )
    started, found = (told[name] if isinstance(told[name], dict) else {} for name in ENDS)
    expect(
        started.get("task_id") and found.get("task_id") == started["task_id"],
        _("Expected: GET on Location answers with the same task_id."),
        seen=f"Location: {told['location']}\n{told['text']}",
        look=_("Which route does url_for name, and with which id?"),
    )


@criterion(_("While the task waits, GET gives its state and no result"), file="views/task.py")
def test_no_result_before_the_end(worlds):
    web, _answers, _waiting = worlds.once(posted)
    answer = worlds.once(early)
    expect_status(answer, 200, "GET /task/<task_id>", web)
    found = fields(answer)
    expect(
        is_waiting(found.get("state")) and found.get("task_id") == worlds.once(ids)[0],
        _("Expected: with no worker, task_id and the state PENDING."),
        seen=answer.text[:300],
        look=_("Where does the route look the state up?"),
    )
    expect(
        answer.seconds < AT_ONCE,
        _("Expected: the answer comes at once; the client will ask again."),
        seen=_("{seconds:.2f} s", seconds=answer.seconds),
        look=_("Which line of the route waits for the result?"),
    )
    expect(
        "result" not in found,
        _("Expected: no result in the answer before the task has succeeded."),
        seen=answer.text[:300],
        look=_("In which state alone is there a result?"),
    )


@criterion(_("Once it has succeeded, GET gives the date and time"), file="tasks.py")
def test_result_is_a_moment(worlds):
    web, _answers, _waiting = worlds.once(posted)
    answer, _took, _brief, worker, failed = worlds.once(done)
    expect_status(answer, 200, "GET /task/<task_id>", web)
    found = fields(answer)
    expect(
        found.get("state") == "SUCCESS",
        _("Expected: once a worker has done the task, its state is SUCCESS."),
        seen=f"{answer.text[:300]}\n{worker.last_log()}",
        look=_("Is the result of this task kept, and in which Redis?"),
    )
    expect(
        tells_now(found.get("result")),
        _("Expected: result is the date and time at which the task ended."),
        seen=str(found.get("result")),
        look=_("What does the function return, and can it be written as JSON?"),
    )
    expect(
        failed is None or "result" not in fields(failed),
        _("Expected: no result in the answer of a task that has raised an error."),
        seen=failed and failed.text[:300],
        look=_("In which state alone is there a result?"),
    )


@criterion(_("The task takes 5 seconds, or as many as it is told"), file="tasks.py")
def test_duration_is_a_parameter(worlds):
    _answer, took, brief, worker, _failed = worlds.once(done)
    expect(
        took >= LASTS,
        _("Expected: without an argument, the task sleeps 5 seconds."),
        seen=_("{seconds:.2f} s", seconds=took),
        look=_("How long does the function sleep by default?"),
    )
    expect(
        brief is not None and brief.state == "SUCCESS",
        _("Expected: called with {seconds}, the task ends long before 5 seconds.", seconds=SHORT),
        seen=f"{brief.state}: {brief.value}" if brief else worker.last_log(),
        look=_("Does the function take the number of seconds as its argument?"),
    )


@criterion(_("Without REDIS_URL, POST /task/ answers 503 and logs why"), file="views/errors.py")
def test_post_without_address(worlds):
    world = worlds.new(platform=True)
    del world.env["REDIS_URL"]
    web = start_web(world)
    answer = web.request("POST", TASKS, seconds=8)
    expect(
        answer.status == 503,
        _("Expected: what cannot do without the broker answers 503 when there is none."),
        seen=f"{answer.status} {web.last_traceback() or answer.text[:300]}",
        look=_("Which error handler catches NoBroker?"),
    )
    expect(
        "REDIS_URL" in web.log,
        _("Expected: a line in the log that names REDIS_URL."),
        seen=web.log[-400:],
        look=_("What does the error handler write into the log?"),
    )
