"""Step 32: a task is known by the address that started it, in every process, until it expires."""

import random
from concurrent.futures import ThreadPoolExecutor

from atelier.checks import Deadline, _, criterion, expect

MODULE = "background.py"
PAGE = "/add/{}/{}/"
UNKNOWN = {"task_id": "6f1c2f0e-0000-4000-8000-000000000000", "polling_url": "/check/nowhere/"}
PREDICATES = ("process_is_running", "process_is_complete", "process_is_running_or_complete")
ASKED = (*PREDICATES, "get_process_result")
ANSWERS_WITHIN = 40.0
RAN_WITHIN = 20.0  # seconds; the longest of the tasks takes three

TOOLS = """
import json, time
from inspect import signature
from flask.cli import ScriptInfo
from redis import Redis
import background
from tasks import tell_time, very_slow_add

app = ScriptInfo().load_app()
app.app_context().push()
redis = Redis.from_url(redis_url)
client = app.test_client()

def call(name, *args, **kwargs):
    before = redis.llen("celery")
    try:
        function = getattr(background, name)
        if "task_id" in kwargs and "task_id" not in signature(function).parameters:
            args = (kwargs.pop("task_id"),)  # their own name for it
        told = {"value": function(*args, **kwargs)}
    except Exception as error:
        told = {"raises": f"{type(error).__name__}: {error}"}
        told["is_value_error"] = isinstance(error, ValueError)
    return {**told, "sent": redis.llen("celery") - before}

def begin(task, url, **options):
    return call("begin_process", task, polling_url=url, **options)

def check(task, url, **options):
    return call("check_status_or_begin", task, polling_url=url, **options)

def look(**known_by):
    return {name: call(name, **known_by) for name in asked}

def visit(path):
    before = redis.llen("celery")
    answer = client.get(path)
    sent = redis.llen("celery") - before
    return {"status": answer.status_code, "text": answer.text[:2000], "sent": sent}
"""

# While no worker runs.
FIRST = """
tell({
    "neither": {
        **{name: call(name) for name in asked},
        **{name: call(name, None) for name in ("get_taskid_from_url", "get_url_from_taskid")},
    },
    "unknown_id": {
        **look(task_id=unknown["task_id"]),
        "get_url_from_taskid": call("get_url_from_taskid", unknown["task_id"]),
    },
    "unknown_url": {
        **look(polling_url=unknown["polling_url"]),
        "get_taskid_from_url": call("get_taskid_from_url", unknown["polling_url"]),
    },
    "page": [visit(page), visit(page)],
    "negative": visit(negative),
    "twice": [begin(tell_time, "/check/twice/", task_args=(0,)) for number in range(2)],
    "no_address": begin(tell_time, None, task_kwargs={"seconds": 0}),
    "checked": [
        check(very_slow_add, "/check/sum/", task_args=(numbers[0],), task_kwargs={"b": numbers[1]})
        for number in range(2)
    ],
    "failing": begin(tell_time, "/check/failing/", task_args=("soon",)),
    "uncached": [
        check(tell_time, "/check/uncached/", task_args=(0,), cache_results=False)
        for number in range(2)
    ],
    "uncached_id": call("get_taskid_from_url", "/check/uncached/"),
    "not_sent": begin(very_slow_add, "/check/not-sent/", task_args=(object(), 1)),
    "not_sent_id": call("get_taskid_from_url", "/check/not-sent/"),
    "id_of_url": call("get_taskid_from_url", "/check/twice/"),
    "begun_before": check(tell_time, "/check/twice/", task_args=(0,)),
    "sum_id": (sum_id := call("get_taskid_from_url", "/check/sum/")),
    "running": look(polling_url="/check/sum/"),
})

# Goes on once a worker has begun: it takes from the queue too, so "sent" says nothing now.
def state():
    stored = redis.get("celery-task-meta-" + str(sum_id.get("value")))
    return json.loads(stored or "{}").get("status")

end = time.monotonic() + (20 if sum_id.get("value") else 0)
while state() not in ("STARTED", "SUCCESS", "FAILURE") and time.monotonic() < end:
    time.sleep(0.02)
at_work = {
    "looked": look(polling_url="/check/sum/"),
    "text": check(very_slow_add, "/check/sum/", task_args=numbers),
    "id": call("get_taskid_from_url", "/check/sum/"),
}
# Where it has ended in between, nothing was learned.
tell({**at_work, "seen": state() == "STARTED"})
"""

# In another process, once a worker has run it all and was stopped.
LATER = """
told = {
    "page": visit(page),
    "negative": visit(negative),
    "other_pairs": [visit(path) for path in other_pairs],
    "sum_by_id": look(task_id=ids["sum"]),
    "sum_by_url": look(polling_url="/check/sum/"),
    "url_of_id": call("get_url_from_taskid", ids["sum"]),
    "url_of_none": call("get_url_from_taskid", ids["no_address"]),
    "sum_again": check(very_slow_add, "/check/sum/", task_args=numbers),
    "failed": look(polling_url="/check/failing/"),
    "failed_again": check(tell_time, "/check/failing/", task_args=(0,)),
    "uncached_by_url": look(polling_url="/check/uncached/"),
    "uncached_url_id": call("get_taskid_from_url", "/check/uncached/"),
    "uncached_read": [call("get_process_result", task_id=ids["uncached"]) for number in range(2)],
    "uncached_again": check(
        tell_time, "/check/uncached/", task_args=(0,), cache_results=False
    ),
}
for key in redis.keys():
    if redis.pttl(key) > 0:
        redis.pexpire(key, 1)
time.sleep(0.1)
told["expired_url"] = call("get_taskid_from_url", "/check/sum/")
told["expired_by_url"] = look(polling_url="/check/sum/")
told["expired_by_id"] = look(task_id=ids["sum"])
told["expired_page"] = visit(page)
tell(told)
"""


def drawn(_worlds):
    """Numbers of this check alone: two for a task, two for each of the pages."""
    return random.sample(range(100_000, 1_000_000), 6)


def given(worlds):
    """What both programs are told."""
    numbers = worlds.once(drawn)
    return {
        "redis_url": worlds.shared().redis.url,
        "asked": ASKED,
        "unknown": UNKNOWN,
        "numbers": numbers[:2],
        "page": PAGE.format(*numbers[2:4]),
        "negative": PAGE.format(-numbers[4], numbers[5]),
        "other_pairs": [PAGE.format(numbers[2], numbers[5]), PAGE.format(*numbers[3:1:-1])],
    }


def program(worlds):
    """The first program, which tells twice."""
    return worlds.shared().ask(TOOLS + FIRST, **given(worlds))


def first(worlds):
    """What a process tells while no worker runs, and the messages that then wait."""
    world = worlds.shared()
    world.source.text(MODULE)  # not written yet: the program has not stopped
    with ThreadPoolExecutor(1) as pool:  # the worker imports meanwhile
        pool.submit(lambda: world.resting_worker)
        told = worlds.once(program).answer(ANSWERS_WITHIN)
        return told, world.queue.waiting()


def ran(worlds):
    """The ids of the tasks whose end was awaited, and the worker that was stopped."""
    told, waiting = worlds.once(first)
    world = worlds.shared()
    worker = world.resting_worker
    worker.begin()
    worlds.once(at_work)
    deadline = Deadline(RAN_WITHIN)
    for message in waiting:
        world.queue.wait_for_result(message.id, deadline)
    worker.stop()
    return {
        "sum": told["sum_id"].get("value"),
        "no_address": told["no_address"].get("value"),
        "uncached": told["uncached_id"].get("value"),
    }, worker


def at_work(worlds):
    """What the first program tells while the worker does the sum."""
    return worlds.once(program).answer(ANSWERS_WITHIN, number=2)


def later(worlds):
    """What another process tells after that."""
    ids, _worker = worlds.once(ran)
    return worlds.shared().python(TOOLS + LATER, ids=ids, **given(worlds))


def values(looked):
    """What each function gave, or the exception that it raised."""
    return [told.get("value", told.get("raises")) for told in looked.values()]


def truths(looked):
    """Whether each of the questions was answered by something like yes; None if it raised."""
    return [bool(looked[name]["value"]) if "value" in looked[name] else None for name in PREDICATES]


def shown(looked):
    return {name: told.get("value", told.get("raises")) for name, told in looked.items()}


@criterion(
    _("Neither id nor address, or an unknown id: ValueError; an unknown address: None"),
    file=MODULE,
)
def test_what_is_not_known(worlds):
    told, _waiting = worlds.once(first)
    for case, what in (
        ("neither", _("Expected: ValueError when neither the id nor the address is given.")),
        ("unknown_id", _("Expected: ValueError for an id that begin_process has not given.")),
    ):
        expect(
            all(each.get("is_value_error") for each in told[case].values()),
            what,
            seen=shown(told[case]),
            look=_("What tells an id that was never given from a task that waits?"),
        )
    expect(
        values(told["unknown_url"]) == [None] * len(told["unknown_url"]),
        _("Expected: None for an address that has started nothing."),
        seen=shown(told["unknown_url"]),
        look=_("What does each function give when no id is found?"),
    )


@criterion(_("begin_process always starts, and returns the id"), file=MODULE)
def test_begin_always_starts(worlds):
    told, waiting = worlds.once(first)
    begun = told["twice"]
    ids = [each.get("value") for each in begun]
    expect(
        all(ids) and ids[0] != ids[1] and set(ids) <= {message.id for message in waiting},
        _("Expected: called twice, it leaves two messages, and returns the id of each."),
        seen=begun,
        look=_("Does begin_process look whether a task runs, and should it?"),
    )
    expect(
        told["id_of_url"].get("value") == ids[1],
        _("Expected: the address leads to the task that it has started last."),
        seen=told["id_of_url"],
        look=_("What is kept when the address is known already?"),
    )
    alone = [each for each in waiting if each.id == told["no_address"].get("value")]
    expect(
        alone and not alone[0].args and alone[0].kwargs == {"seconds": 0},
        _("Expected: a task without an address starts too, with its arguments by name."),
        seen=told["no_address"],
        look=_("What are task_args and task_kwargs passed on as?"),
    )


@criterion(_("check_status_or_begin starts once, and says what it has done"), file=MODULE)
def test_check_or_begin(worlds):
    told, _waiting = worlds.once(first)
    begun, again = told["checked"]
    expect(
        begun["sent"] == 1 and again["sent"] == 0,
        _("Expected: the first call leaves one message, and the second none."),
        seen=told["checked"],
        look=_("Does a task that waits in the queue count as running?"),
    )
    texts = [each.get("value") for each in (begun, again)]
    expect(
        all(isinstance(each, str) and each for each in texts) and texts[0] != texts[1],
        _("Expected: two different sentences, “begun” and “running”."),
        seen=texts,
        look=_("What does check_status_or_begin return in each case?"),
    )
    expect(
        truths(told["running"]) == [True, False, True]
        and told["running"]["get_process_result"].get("value", 0) is None,
        _("Expected: while it waits, the task is running, not complete, and has no result."),
        seen=shown(told["running"]),
        look=_("In which states has a task not ended?"),
    )
    expect(
        told["begun_before"]["sent"] == 0,
        _("Expected: after begin_process, a call with the same address starts nothing."),
        seen=told["begun_before"],
        look=_("What does an address know of a task that another function has started?"),
    )
    worlds.once(ran)
    at = worlds.once(at_work)
    expect(
        not at["seen"]
        or (
            truths(at["looked"]) == [True, False, True]
            and at["id"].get("value") == told["sum_id"].get("value")
        ),
        _("Expected: while a worker is at it, the task is running, and is not started again."),
        seen={**shown(at["looked"]), "check_status_or_begin": at["text"].get("value")},
        look=_("In which states has a task not ended?"),
    )


@criterion(_("A task that could not be sent is not running"), file=MODULE)
def test_not_sent(worlds):
    told, _waiting = worlds.once(first)
    expect(
        "raises" in told["not_sent"] and told["not_sent"]["sent"] == 0,
        _("Expected: begin_process lets the exception of the call through."),
        seen=told["not_sent"],
        look=_("Who shall learn that nothing was sent?"),
    )
    expect(
        told["not_sent_id"].get("value", 0) is None,
        _("Expected: the address of a task that was not sent stays unknown."),
        seen=told["not_sent_id"],
        look=_("What was noted before the call, and who takes it back?"),
    )


@criterion(_("The result stays when the worker is gone, by id and by address"), file=MODULE)
def test_cached_result(worlds):
    _ids, worker = worlds.once(ran)
    told = worlds.once(later)
    a, b = worlds.once(given)["numbers"]
    for case in ("sum_by_id", "sum_by_url"):
        expect(
            truths(told[case]) == [False, True, True] and values(told[case])[-1] == a + b,
            _("Expected: another process, without a worker, finds the task complete."),
            seen={**shown(told[case]), "worker": worker.last_log()},
            look=_("Where are the id, the address and the result kept?"),
        )
    expect(
        told["url_of_id"].get("value") == "/check/sum/"
        and "value" in told["url_of_none"]
        and not told["url_of_none"]["value"],
        _("Expected: an id leads to its address, or to None for a task without one."),
        seen=[told["url_of_id"], told["url_of_none"]],
        look=_("Under which key does begin_process keep the address?"),
    )
    expect(
        told["sum_again"]["sent"] == 0,
        _("Expected: while the result is kept, check_status_or_begin starts nothing."),
        seen=told["sum_again"],
        look=_("What if the task ends between two questions of the same visit?"),
    )


@criterion(_("A task that raises says so, and can be started again"), file=MODULE)
def test_failed_task(worlds):
    told = worlds.once(later)
    looked = told["failed"]
    expect(
        truths(looked) == [False, False, False],
        _("Expected: a task that has raised is neither running nor complete."),
        seen=shown(looked),
        look=_("Which final states are there besides SUCCESS?"),
    )
    expect(
        "raises" in looked["get_process_result"],
        _("Expected: get_process_result raises an exception, and does not return it."),
        seen=looked["get_process_result"],
        look=_("What is stored as the result of a task that has raised?"),
    )
    expect(
        told["failed_again"]["sent"] == 1,
        _("Expected: after a failure, check_status_or_begin starts the task anew."),
        seen=told["failed_again"],
        look=_("Which tasks keep it from starting?"),
    )


@criterion(_("With cache_results=False, nothing is kept of a task that has ended"), file=MODULE)
def test_uncached(worlds):
    early, _waiting = worlds.once(first)
    expect(
        [each["sent"] for each in early["uncached"]] == [1, 0],
        _("Expected: while such a task waits, its address does not start it twice."),
        seen=early["uncached"],
        look=_("Until when is the address needed?"),
    )
    told = worlds.once(later)
    looked = {**told["uncached_by_url"], "get_taskid_from_url": told["uncached_url_id"]}
    expect(
        values(looked) == [None] * len(looked),
        _("Expected: once it has ended, its address is unknown to every function."),
        seen=shown(looked),
        look=_("Does check_status_or_begin pass cache_results on?"),
    )
    expect(
        told["uncached_again"]["sent"] == 1,
        _("Expected: the next visit starts it anew."),
        seen=told["uncached_again"],
        look=_("Which results may check_status_or_begin rely on?"),
    )
    once, twice = told["uncached_read"]
    expect(
        isinstance(once.get("value"), str) and twice.get("is_value_error"),
        _("Expected: its id gives the result once, and is unknown after that."),
        seen=told["uncached_read"],
        look=_("What does get_process_result do after it has read?"),
    )


@criterion(_("What has expired is unknown, and can be started anew"), file=MODULE)
def test_expired(worlds):
    told = worlds.once(later)
    by_url = {**told["expired_by_url"], "get_taskid_from_url": told["expired_url"]}
    expect(
        values(by_url) == [None] * len(by_url),
        _("Expected: every key has a time to live, and after it the address is unknown."),
        seen=shown(by_url),
        look=_("Which key is set without ex?"),
    )
    expect(
        all(each.get("is_value_error") for each in told["expired_by_id"].values()),
        _("Expected: ValueError for an id whose result has expired."),
        seen=shown(told["expired_by_id"]),
        look=_("What does Celery say of an id that it knows nothing about?"),
    )
    expect(
        told["expired_page"]["sent"] == 1,
        _("Expected: once the result has expired, a visit to the page starts the task anew."),
        seen=told["expired_page"],
        look=_("What does the page do when its address is unknown?"),
    )


@criterion(_("The page /add/3/5/ starts, waits, and shows the sum"), file="views/add.py")
def test_page(worlds):
    early, _waiting = worlds.once(first)
    page, again = early["page"]
    negative = early["negative"]
    answered = {200, 202}
    expect(
        {page["status"], again["status"]} <= answered,
        _("Expected: the page answers 200, or 202 while the task runs."),
        seen=[page, again],
        look=_("Which addresses does the rule of this view match?"),
    )
    numbers = worlds.once(drawn)
    total = str(numbers[2] + numbers[3])
    expect(
        (page["sent"], again["sent"]) == (1, 0)
        and again["text"] not in ("", page["text"])
        and total not in again["text"],
        _("Expected: the first visit starts the task; a reload says that it is still running."),
        seen=[page, again],
        look=_("Which address does the view give to check_status_or_begin?"),
    )
    told = worlds.once(later)
    expect(
        total in told["page"]["text"],
        _("Expected: once the task has run, the page shows the sum."),
        seen=told["page"],
        look=_("What does the view do when the process is complete?"),
    )
    expect(
        all(each["sent"] == 1 for each in told["other_pairs"]),
        _("Expected: each pair of numbers has a page of its own, and a task of its own."),
        seen=told["other_pairs"],
        look=_("Which address does the view give to check_status_or_begin?"),
    )
    expect(
        # A page for numbers without a sign only is a page too.
        negative["status"] == 404
        or (
            negative["status"] in answered
            and str(numbers[5] - numbers[4]) in told["negative"]["text"]
        ),
        _("Expected: where a negative number has a page, it shows the sum too."),
        seen=[negative, told["negative"]],
        look=_("Which numbers does the converter int accept?"),
    )
