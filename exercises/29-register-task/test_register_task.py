"""Step 29: a marked function stays a function; an app that scans its package makes it a task."""

import json
import secrets
from contextlib import suppress

from atelier.checks import Deadline, Unmet, _, criterion, expect

PACKAGE = "jobs"
PROBE = "probe_jobs"
ANSWER_WITHIN = 40  # seconds
DONE_WITHIN = 20
GO = "results-are-there"

# Jobs of the check, laid into the package of the project's copy before anything is started.
JOBS = """
from flask import current_app
from registry import task

@task
def plain(a, b=0):
    return [a, b, bool(current_app)]

@task(name="probe.given", acks_late=True, max_retries=7, rate_limit="99/s")
def named(a):
    return a

@task()
def empty(a):
    return a

def not_marked(a):
    return a
"""
DEEPER = f"""
from flask import current_app
from {PACKAGE}.{PROBE} import plain
from registry import task

@task
def inner(a):
    return a
"""
NAMES = {
    "plain": f"{PACKAGE}.{PROBE}.plain",
    "named": "probe.given",
    "empty": f"{PACKAGE}.{PROBE}.empty",
    "inner": f"{PACKAGE}.{PROBE}_deeper.{PROBE}_in.inner",
}
BY_HAND = "probe.by_hand"
PARTS = ("functions", "scanned", "registered", "sent", "unknown", "taken", "apart", "mails", "done")

# Its parts, in the order of PARTS. The messages of the parts sent and mails stand in database 0.
ASK = r"""
import os
import re
import sys
import time
from importlib import import_module
from inspect import isfunction

url = os.environ.pop("REDIS_URL")
probe = import_module("jobs." + module)
from registry import delay_task, get_task_result, register_task, task
from factory import create_app

def raised(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except Exception as error:
        return [f"{type(error).__name__}: {error}", isinstance(error, ValueError)]
    return None

def app_at(number):
    address = re.sub(r"(/\d*)?$", f"/{number}", url, count=1)
    return create_app({"CELERY_BROKER_URL": address, "CELERY_RESULT_BACKEND": address})

made = []

def first_app():
    if not made:
        made.append(app_at(0))
    return made[0]

def tasks_of(app):
    return app.extensions["celery"].tasks

def options_of(made):
    return made and [made.acks_late, made.max_retries, made.rate_limit]

def functions():
    with create_app().app_context():
        values = [probe.plain(1, b=2)[:2], probe.named(3), probe.empty(4)]
    return [[isfunction(each) for each in (probe.plain, probe.named, probe.empty)], values]

def scanned():
    tasks = tasks_of(first_app())
    return {
        "missing": [each for each in names.values() if each not in tasks],
        "more": [each for each in tasks if module in each and each not in names.values()],
        "options": options_of(tasks.get(names["named"])),
    }

def by_hand(a, b):
    return a + b

def other(a, b):
    return a * b

@task
def only_marked(a):
    return a

def registered():
    app = first_app()
    with app.app_context():
        register_task(by_hand, name=hand, acks_late=True, max_retries=7, rate_limit="99/s")
        register_task(other)
    return {
        "options": options_of(tasks_of(app).get(hand)),
        "default": f"{other.__module__}.other" in tasks_of(app),
        "plain": isfunction(by_hand) and by_hand(2, 3) == 5,
    }

def sent():
    with first_app().app_context():
        results = [
            delay_task(probe.plain, numbers[0], b=numbers[1]),
            delay_task(names["named"], numbers[2]),
            delay_task(by_hand, 1, 2),
            delay_task(probe.empty, numbers[3]),
        ]
    return [result.id for result in results]

def unknown():
    sys.path.insert(0, os.path.join(os.getcwd(), "jobs"))
    twin = import_module(module)
    with first_app().app_context():
        return {
            "name": raised(delay_task, "probe.nobody", 1),
            "function": raised(delay_task, probe.not_marked, 1),
            "marked": raised(delay_task, only_marked, 1),
            "twin": raised(delay_task, twin.plain, 1),
        }

def taken():
    with first_app().app_context():
        return [
            raised(register_task, other, name=hand),
            raised(register_task, other, name="tasks.very_slow_add"),
            raised(
                register_task, by_hand, name=hand, acks_late=True, max_retries=7, rate_limit="99/s"
            ),
        ]

def apart():
    two = app_at(1)
    with two.app_context():
        register_task(other, name="probe.of_two")
        delay_task("probe.of_two", 1, 2)
        delay_task(probe.named, 1)
        refused = [raised(delay_task, hand, 1, 2), raised(delay_task, by_hand, 1, 2)]
    apps = {"app": first_app(), "two": two, "three": app_at(2)}
    know = lambda name: [each for each in apps if name in tasks_of(apps[each])]
    return {
        "of_two": know("probe.of_two"), "hand": know(hand), "jobs": know(names["plain"]),
        "refused": refused,
    }

def mails():
    global place
    from models import Product, db
    app = first_app()
    with app.app_context():
        db.create_all()
        db.session.add(Product(name=product))
        db.session.commit()
        row = db.session.scalar(db.select(Product).order_by(Product.id.desc()))
        address = f"/api/v1/products/{row.id}/mails"
    client = app.test_client()
    answer, missing = client.post(address), client.post("/api/v1/products/999999/mails")
    place = answer.headers.get("Location")
    early = client.get(place) if place else None
    return {
        "status": answer.status_code, "place": place, "text": answer.text[:300],
        "early": early and [early.status_code, early.get_json(silent=True)],
        "missing": missing.status_code,
    }

def done():
    end = time.monotonic() + 90
    while not os.path.exists(go) and time.monotonic() < end:
        time.sleep(0.05)
    app = first_app()
    with app.app_context():
        found = get_task_result(ids[0])
        mailed = app.test_client().get(place)
        return {
            "state": found.state, "value": found.result, "mail": mailed.get_json(silent=True),
            "nobody": get_task_result("nobody").state,
        }

ids = []

def keep_ids():
    ids.extend(sent())
    return ids

for part in (functions, scanned, registered, keep_ids, unknown, taken, apart, mails, done):
    attempt(part)
"""


def laid(worlds):
    """A world whose package has the jobs of the check, and what the question is given."""
    world = worlds.shared()
    world.source.text("registry.py")
    package = world.root / PACKAGE
    deeper = package / f"{PROBE}_deeper"
    deeper.mkdir(parents=True)
    (deeper / "__init__.py").write_text("")
    (package / f"{PROBE}.py").write_text(JOBS)
    (deeper / f"{PROBE}_in.py").write_text(DEEPER)
    numbers = [secrets.randbelow(10**6) for _count in range(4)]
    return world, numbers, f"product {secrets.token_hex(4)}"


def asked(worlds):
    """The Python that is asked all parts."""
    world, numbers, product = worlds.once(laid)
    _running = world.redis
    go = str(world.home / GO)
    given = {"names": NAMES, "hand": BY_HAND, "module": PROBE, "numbers": numbers, "go": go}
    return world.ask(ASK, product=product, **given)


def part(worlds, name):
    """What one part told. Raises ProgramStopped when it raised."""
    question = worlds.once(asked)
    return question.answer(ANSWER_WITHIN, number=PARTS.index(name) + 1)


def waiting(worlds):
    """The messages that wait after all parts that send some, before the worker begins."""
    world, _numbers, _product = worlds.once(laid)
    ids = part(worlds, "sent")
    for name in ("apart", "mails"):
        with suppress(Unmet):  # its own criterion tells
            part(worlds, name)
    return world.queue.wait_for_messages(len(ids) + 1, Deadline(3))


def resting(worlds):
    """A worker that takes no message before it is told."""
    world, _numbers, _product = worlds.once(laid)
    return world.resting_worker


def ran(worlds):
    """The results by id of the messages that waited, once the worker took them."""
    world, _numbers, _product = worlds.once(laid)
    worker = worlds.once(resting)
    messages = worlds.once(waiting)
    worker.begin()
    deadline = Deadline(DONE_WITHIN)
    results = {each.id: world.queue.wait_for_result(each.id, deadline) for each in messages}
    (world.home / GO).write_text("")
    return results


@criterion(
    _("A marked function is a plain function, and needs no broker"), file="registry.py", timeout=90
)
def test_marked_function_is_plain(worlds):
    plain, values = part(worlds, "functions")
    expect(
        all(plain) and values == [[1, 2], 3, 4],
        _("Expected: with @task and @task(…), the function is called and tested as without."),
        seen=_("a function: {plain}; the values: {values}", plain=plain, values=values),
        look=_("What does the decorator return?"),
    )


@criterion(
    _("create_app makes tasks of the marked functions in jobs"), file="registry.py", timeout=90
)
def test_scan_registers(worlds):
    found = part(worlds, "scanned")
    expect(
        not found["missing"],
        _("Expected: the app's Celery knows each marked function in jobs and below it."),
        seen=_("Not there: {names}", names=", ".join(found["missing"])),
        look=_("Which modules does the scan import, and what does it look for in them?"),
    )
    expect(
        not found["more"],
        _("Expected: each of them once, and no function without the mark."),
        seen=found["more"],
        look=_("Does the scan also take what a module has imported?"),
    )


@criterion(_("Celery's own options reach the task"), file="registry.py", timeout=90)
def test_options_reach_celery(worlds):
    by_mark = part(worlds, "scanned")["options"]
    by_hand = part(worlds, "registered")["options"]
    for way, options in (("@task", by_mark), ("register_task", by_hand)):
        expect(
            options == [True, 7, "99/s"],
            _(
                "Expected: {way} with acks_late, max_retries and rate_limit sets all three.",
                way=way,
            ),
            seen=options,
            look=_("Where do the options go after the name is taken out?"),
        )


@criterion(
    _("register_task gives a function a name, its own or the one told"),
    file="registry.py",
    timeout=90,
)
def test_register_task(worlds):
    found = part(worlds, "registered")
    expect(
        found["options"],
        _("Expected: after register_task(…, name={name!r}), Celery knows this name.", name=BY_HAND),
        seen=found,
        look=_("Which name is Celery given?"),
    )
    expect(
        found["default"] and found["plain"],
        _("Expected: without a name, it is that of the module and the function."),
        seen=found,
        look=_("What does the function call itself: __module__ and __name__?"),
    )


@criterion(_("delay_task takes a function or a name"), file="registry.py", timeout=90)
def test_delay_task(worlds):
    _world, numbers, _product = worlds.once(laid)
    ids = part(worlds, "sent")
    found = {message.id: message for message in worlds.once(waiting)}
    wanted = [
        (NAMES["plain"], [numbers[0]], {"b": numbers[1]}),
        (NAMES["named"], [numbers[2]], {}),
        (BY_HAND, [1, 2], {}),
        (NAMES["empty"], [numbers[3]], {}),
    ]
    seen = [
        (found[each].task, list(found[each].args), found[each].kwargs) if each in found else None
        for each in ids
    ]
    expect(
        seen == wanted,
        _("Expected: a message with the name and the arguments waits for each call."),
        seen=json.dumps(seen),
        look=_("Which name belongs to this function in this app?"),
    )


@criterion(_("delay_task refuses what is not registered"), file="registry.py", timeout=90)
def test_delay_task_refuses(worlds):
    found = part(worlds, "unknown")
    cases = {
        "name": _("a name that nobody registered"),
        "function": _("a function without the mark"),
        "marked": _("a marked function that no scan has found"),
        "twin": _("jobs.{module} imported as {module}: another function", module=PROBE),
    }
    for case, words in cases.items():
        expect(
            found[case] and found[case][1],
            _("Expected: ValueError, and no message, for this: {case}.", case=words),
            seen=found[case][0] if found[case] else _("It was sent, or nothing was raised."),
            look=_("Is the name looked up among the tasks of this app before it is sent?"),
        )


@criterion(
    _("Two functions with one name: an error that says the name"), file="registry.py", timeout=90
)
def test_name_is_taken(worlds):
    second, shared, again = part(worlds, "taken")
    for told, name in ((second, BY_HAND), (shared, "tasks.very_slow_add")):
        expect(
            told and name in told[0],
            _("Expected: a second function under the name {name} is an error.", name=name),
            seen=told[0] if told else _("no error: one of the two is lost"),
            look=_("What does Celery do with a name that it has already?"),
        )
    expect(
        again is None,
        _("Expected: the same function under the same name is no error."),
        seen=again and again[0],
        look=_("Is it compared with the function that has this name?"),
    )


@criterion(_("Two apps in one process do not share their tasks"), file="registry.py", timeout=90)
def test_apps_are_apart(worlds):
    found = part(worlds, "apart")
    expect(
        found["of_two"] == ["two"] and found["hand"] == ["app"],
        _("Expected: what one app registers, no other app knows, whenever it was made."),
        seen=found,
        look=_("What does Celery do with a task that is shared, its default?"),
    )
    expect(
        found["jobs"] == ["app", "two", "three"]
        and all(each and each[1] for each in found["refused"]),
        _("Expected: each app has the jobs, and refuses what only another app has."),
        seen=found,
        look=_("Where are the names kept: in the module, or in the app?"),
    )
    stray = [m.task for m in worlds.once(waiting) if m.id not in part(worlds, "sent")]
    expect(
        "probe.of_two" not in stray and NAMES["named"] not in stray,
        _("Expected: each app sends to its own broker."),
        seen=stray,
        look=_("Which Celery does delay_task ask: that of current_app?"),
    )


@criterion(_("The worker lists the jobs and runs them in a context"), file="factory.py", timeout=90)
def test_worker_runs_jobs(worlds):
    worker = worlds.once(resting)
    _world, numbers, _product = worlds.once(laid)
    listed = worker.registered_tasks()
    expect(
        set(NAMES.values()) <= set(listed),
        _("Expected: the names of the jobs under [tasks] when the worker starts."),
        seen=listed,
        look=_("Does create_app scan the package, after make_celery?"),
    )
    first = worlds.once(ran).get(part(worlds, "sent")[0])
    expect(
        first and first.state == "SUCCESS" and first.value == [*numbers[:2], True],
        _("Expected: the worker runs the job, with current_app in it."),
        seen=f"{first.state}: {first.value}" if first else worker.last_log(),
        look=_("Is the task made by this app's Celery, with its ContextTask?"),
    )


@criterion(_("get_task_result gives the state and the result by the id"), timeout=90)
def test_get_task_result(worlds):
    worlds.once(ran)
    _world, numbers, _product = worlds.once(laid)
    found = part(worlds, "done")
    expect(
        found["state"] == "SUCCESS" and found["value"] == [*numbers[:2], True],
        _("Expected: once the worker has run it, the state SUCCESS and the result."),
        seen=found,
        look=_("Which backend is asked, and with which id?"),
    )
    expect(
        found["nobody"] == "PENDING",
        _("Expected: for an id that nobody gave out, the state PENDING."),
        seen=found["nobody"],
        look=_("Does get_task_result return Celery's AsyncResult?"),
    )


@criterion(_("POST /api/v1/products/<id>/mails starts a mail"), file="views/mails.py", timeout=90)
def test_mail_of_a_product(worlds):
    _world, _numbers, product = worlds.once(laid)
    told = part(worlds, "mails")
    expect(
        told["status"] == 202 and told["place"],
        _("Expected: 202 and a Location."),
        seen=f"{told['status']} {told['text']}",
        look=_("What does the route return?"),
    )
    expect(
        told["early"][0] == 200 and holds_state(told["early"][1], "PENDING"),
        _("Expected: while the task waits, GET there answers 200 with the state PENDING."),
        seen=told["early"],
        look=_("Which id stands in Location?"),
    )
    expect(
        told["missing"] == 404,
        _("Expected: for a product that does not exist, 404 and no task."),
        seen=told["missing"],
        look=_("Is the product looked for before the task is sent?"),
    )
    worlds.once(ran)
    mail = part(worlds, "done")["mail"]
    expect(
        holds_state(mail, "SUCCESS") and product in str(mail.get("text")),
        _("Expected: once it has run, GET there has the state SUCCESS, and text with the name."),
        seen=mail,
        look=_("What does the task return?"),
    )


def holds_state(answer, state):
    """Whether an answer in JSON tells this state."""
    return isinstance(answer, dict) and answer.get("state") == state
