"""Step 23: what the states hide: ids never given out, tasks that run, and tasks that failed."""

import json
import time
import uuid

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
ONE = "/task/<task_id>"
LONG = 61  # seconds; nobody waits for its end
BAD = "a moment"
UNKNOWN = "tasks.nobody_knows_it"
AT_ONCE = 5.0  # seconds; with what Celery does by itself it takes about twenty
QUEUE = "celery"
LEAST = 600  # seconds; a queue may be longer
RESULT = "celery-task-meta-"
# Its class takes three arguments, and what is stored of it has one: it cannot be made again.
STORED = {
    "exc_type": "JSONDecodeError",
    "exc_module": "json.decoder",
    "exc_message": ["Expecting value: line 1 column 1 (char 0)"],
}
ELSEWHERE = """
from flask.cli import ScriptInfo
client = ScriptInfo().load_app().test_client()
answers = [client.get(f"/task/{each}") for each in ids]
tell([[answer.status_code, answer.get_json(silent=True)] for answer in answers])
"""


def fields(response):
    """The object in a JSON answer; an empty one when it holds none."""
    found = response.json()
    return found if isinstance(found, dict) else {}


def texts(value):
    """Every text in a value read from JSON."""
    if isinstance(value, dict | list):
        each = value.values() if isinstance(value, dict) else value
        return [text for inner in each for text in texts(inner)]
    return [value] if isinstance(value, str) else []


def start(web):
    """Start a task; return the id in the answer. Raises NotYet without one."""
    answer = web.request("POST", TASKS, seconds=15)
    expect_status(answer, 202, "POST /task/", web)
    found = fields(answer).get("task_id")
    expect(
        isinstance(found, str) and found,
        _("Expected: the answer is JSON, with the id of the task in task_id."),
        seen=answer.text[:300],
        look=_("Which attribute of what delay returns is the id?"),
    )
    return found


def posted(worlds):
    """Tasks that wait for a worker, by what will become of them."""
    world = worlds.shared()
    world.migrate()  # a table may hold the ids that were given out
    web = start_web(world)
    ids = {name: start(web) for name in ("long", "bad", "unknown", "unlike", "taken")}
    return web, ids, world.queue.wait_for_messages(len(ids), Deadline(3))


def early(worlds):
    """What is told of a task that waits, here and elsewhere, and of two that never were."""
    web, ids, _waiting = worlds.once(posted)
    world = worlds.shared()
    never = [str(uuid.uuid4()), "anything"]
    client = world.redis.client()
    taken = [raw for raw in client.lrange(QUEUE, 0, -1) if ids["taken"].encode() in raw]
    for raw in taken:  # as a worker takes it, long before it begins
        client.lrem(QUEUE, 1, raw)
    elsewhere = world.ask(ELSEWHERE, ids=[ids["bad"], never[0], ids["taken"]])
    here = web.get(f"{TASKS}{ids['bad']}", seconds=8)
    unknown = {f"{TASKS}{each}": web.get(f"{TASKS}{each}", seconds=8) for each in never}
    return here, unknown, elsewhere.answer(30)


def kept(worlds):
    """The keys in Redis that name a task which was started, and how long each stays there."""
    _web, ids, _waiting = worlds.once(posted)
    client = worlds.shared().redis.client()
    told = ids["unlike"].encode()
    members = {
        b"set": client.smembers,
        b"hash": client.hgetall,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"list": lambda key: client.lrange(key, 0, -1),
    }
    found = []
    for key in client.scan_iter():
        if key == QUEUE.encode():
            continue
        read = members.get(client.type(key))
        if told in key or (read and told in read(key)):
            found.append((key.decode("utf-8", "replace"), client.ttl(key)))
    return found


def worked(worlds):
    """What is told while the worker runs the long task, once it is through with two others."""
    web, ids, _waiting = worlds.once(posted)
    worlds.once(early)
    worlds.once(kept)
    world = worlds.shared()
    world.queue.change(ids["long"], args=[LONG])
    world.queue.change(ids["bad"], args=[BAD])
    world.queue.change(ids["unknown"], task=UNKNOWN)
    world.queue.change(ids["unlike"], args=[0.01])
    worker = world.resting_worker
    worker.begin()
    stored = {
        name: world.queue.wait_for_result(ids[name], Deadline(15)) for name in ("bad", "unknown")
    }
    deadline = Deadline(5)
    while True:
        running = web.get(f"{TASKS}{ids['long']}", seconds=8)
        if fields(running).get("state") == "STARTED" or deadline.over:
            break
        time.sleep(0.05)
    answers = {name: web.get(f"{TASKS}{ids[name]}", seconds=8) for name in stored}
    return worker, stored, running, answers


def unlike(worlds):
    """What is told of a task that failed in another program, by an error of a class of its own."""
    web, ids, _waiting = worlds.once(posted)
    worlds.once(worked)
    task_id = ids["unlike"]
    meta = {"status": "FAILURE", "result": STORED, "traceback": None, "children": []}
    key = f"{RESULT}{task_id}"
    worlds.shared().queue.wait_for_result(task_id, Deadline(15))  # it has ended, and is let be
    worlds.shared().redis.client().set(key, json.dumps({**meta, "task_id": task_id}), ex=3600)
    # Each process keeps a success that it has seen; of this task nobody has seen one.
    return web.get(f"{TASKS}{task_id}", seconds=8)


def stopped(worlds):
    """What is told once Redis has stopped."""
    world = worlds.new()
    world.migrate()
    web = start_web(world)
    task_id = start(web)
    world.redis.stop()
    return web, [
        web.request("POST", TASKS, seconds=12),
        web.get(f"{TASKS}{task_id}", seconds=12),
    ]


def expect_error(answer, web, words):
    """Expect the state FAILURE, and the error with its `words`; in which form is free."""
    expect_status(answer, 200, f"GET {ONE}", web)
    found = fields(answer)
    told = [text for text in texts(found) if text != found.get("state")]
    expect(
        found.get("state") == "FAILURE" and any(words in text for text in told),
        _("Expected: the state FAILURE, and the error in JSON, with “{words}”.", words=words),
        seen=answer.text[:400],
        look=_("What does Redis hold of a task in the state FAILURE?"),
    )
    expect(
        "result" not in found,
        _("Expected: in the state FAILURE there is an error, and no result."),
        seen=answer.text[:400],
        look=_("In which state alone is there a result?"),
    )


@criterion(_("An id that was never given out is 404"), file="views/task.py")
def test_id_never_given(worlds):
    web, _ids, _waiting = worlds.once(posted)
    _here, unknown, _elsewhere = worlds.once(early)
    for path, answer in unknown.items():
        expect_status(answer, 404, f"GET {path}", web)
        expect(
            isinstance(answer.json(), dict),
            _("Expected: the answer 404 is JSON, as for a product."),
            seen=f"{answer.content_type} {answer.text[:300]}",
            look=_("Does the route use abort?"),
        )


@criterion(_("A task that waits is known, and PENDING"), file="views/task.py")
def test_waiting_is_known(worlds):
    web, _ids, _waiting = worlds.once(posted)
    here, _unknown, _elsewhere = worlds.once(early)
    expect_status(here, 200, f"GET {ONE}", web)
    expect(
        is_waiting(fields(here).get("state")) and not {"result", "error"} & set(fields(here)),
        _("Expected: with no worker the state is PENDING, without a result, without an error."),
        seen=here.text[:300],
        look=_("How does the route tell a task that waits from one that never was?"),
    )


@criterion(_("Another web server knows the task too"), file="views/task.py")
def test_known_elsewhere(worlds):
    _here, _unknown, elsewhere = worlds.once(early)
    [given, given_body], [never, _body], [taken, taken_body] = elsewhere
    expect(
        given == 200 and isinstance(given_body, dict) and is_waiting(given_body.get("state")),
        _("Expected: a web server that has not started the task answers 200, with its state."),
        seen=f"{given} {given_body}",
        look=_("Where is it kept that this id was given out?"),
    )
    expect(
        taken == 200,
        _("Expected: an id is known, too, when its message has left the queue."),
        seen=f"{taken} {taken_body}",
        look=_("Where is it kept that this id was given out?"),
    )
    expect(
        never == 404,
        _("Expected: it answers 404 to an id that was never given out."),
        seen=never,
        look=_("Where is it kept that this id was given out?"),
    )


@criterion(_("What is kept of a task expires"), file="views/task.py")
def test_what_is_kept_expires(worlds):
    keys = dict(worlds.once(kept))
    found = [key for key, left in keys.items() if left == -1]
    expect(
        not keys or found or max(keys.values()) >= LEAST,
        _("Expected: an id is known as long as its task may wait: results are kept for a day."),
        seen=", ".join(f"{key}: {left} s" for key, left in keys.items()),
        look=_("Which call stores the id, and for how long?"),
    )
    expect(
        not found,
        _("Expected: each key in Redis that knows this id has an end, as results have."),
        seen=_("Kept for ever: {keys}", keys=", ".join(found)),
        look=_("Which call stores the id, and for how long?"),
    )


@criterion(_("While the worker runs it, the state is STARTED"), file="tasks.py", timeout=90)
def test_running_is_started(worlds):
    web, _ids, _waiting = worlds.once(posted)
    worker, _stored, running, _answers = worlds.once(worked)
    expect_status(running, 200, f"GET {ONE}", web)
    expect(
        fields(running).get("state") == "STARTED",
        _("Expected: a task that a worker runs is STARTED."),
        seen=f"{running.text[:300]}\n{worker.last_log()}",
        look=_("Which setting asks Celery to say that a task has begun?"),
    )
    expect(
        not {"result", "error"} & set(fields(running)),
        _("Expected: while it runs there is no result, and no error."),
        seen=running.text[:300],
        look=_("In which state alone is there a result?"),
    )


@criterion(
    _("In the state FAILURE, the answer is 200, with the error as JSON"),
    file="views/task.py",
    timeout=90,
)
def test_failure_is_told(worlds):
    web, _ids, _waiting = worlds.once(posted)
    worker, stored, _running, answers = worlds.once(worked)
    result = stored["bad"]
    expect(
        result is not None and result.state == "FAILURE",
        _("Expected: called with “{value}”, the task ends in FAILURE.", value=BAD),
        seen=f"{result.state}: {result.value}" if result else worker.last_log(),
        look=_("What does the task do with its argument?"),
    )
    message = result.value.get("exc_message") or [result.value["exc_type"]]
    expect_error(answers["bad"], web, str(message[0]))


@criterion(_("A task that no worker knows ends in FAILURE"), file="views/task.py", timeout=90)
def test_unknown_task_is_told(worlds):
    web, _ids, _waiting = worlds.once(posted)
    _worker, _stored, _running, answers = worlds.once(worked)
    expect_error(answers["unknown"], web, UNKNOWN)


@criterion(_("An error is told, whatever its class"), file="views/task.py", timeout=90)
def test_error_of_any_class(worlds):
    web, _ids, _waiting = worlds.once(posted)
    expect_error(worlds.once(unlike), web, STORED["exc_message"][0])


@criterion(_("While Redis is stopped, the answer is a quick 503"), file="views/errors.py")
def test_redis_is_stopped(worlds):
    web, answers = worlds.once(stopped)
    for answer, what in zip(answers, ("POST /task/", f"GET {ONE}"), strict=True):
        expect(
            answer.status == 503,
            _("Expected: while Redis is stopped, {what} answers 503.", what=what),
            seen=f"{answer.status} {web.last_traceback() or answer.text[:300]}",
            look=_("Which exception does the call raise, and which error handler catches it?"),
        )
        expect(
            answer.seconds < AT_ONCE,
            _("Expected: the answer comes at once; the client will ask again."),
            seen=_("{seconds:.2f} s", seconds=answer.seconds),
            look=_("Which call tries again and again?"),
        )
