"""Step 14: a new product is announced by the worker, which is told of it after the commit."""

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    HeldCommits,
    Unmet,
    Web,
    _,
    criterion,
    expect,
    start_web,
)

NAME = "tasks.write_notice"
NOTICES = "/api/v1/notices"
ANSWER_WITHIN = 8  # seconds
ACCESS_LOG = re.compile(r'"[A-Z]+ \S+ HTTP/1\.[01]" \d{3}')


class Seen(NamedTuple):
    """What was seen while no worker took anything from the queue."""

    web: Web
    created: list  # answers to POST: the first two, then the one whose commit was held up
    messages: list  # for write_notice, after all of them
    before_commit: list  # those that came while the commit waited
    after_refused: list  # those that a refused request left
    notices: object


def new_name():
    return f"product {secrets.token_hex(4)}"


def post(web, **fields):
    return web.request("POST", PRODUCTS, data=fields, seconds=ANSWER_WITHIN)


def announced(world):
    return [message for message in world.queue.waiting() if message.task == NAME]


def new_messages(world, before, seconds):
    """What write_notice is asked for beyond `before` messages, as soon as there is something."""
    total = len(world.queue.waiting())
    if len(announced(world)) == before:
        world.queue.wait_for_messages(total + 1, Deadline(seconds))
    return announced(world)[before:]


def observe(worlds):
    """Create products, one of them while its commit is held up, and look at the queue."""
    world = worlds.shared()
    with ThreadPoolExecutor(2) as pool:
        migrated = pool.submit(world.migrate)
        web = start_web(world)
        migrated.result()
        created = [post(web, name=new_name()) for _number in range(2)]
        before = len(announced(world))
        post(web, description="a product without a name")
        after_refused = announced(world)[before:]
        before += len(after_refused)
        with HeldCommits(world.sqlite_database()) as held:
            answer = pool.submit(post, web, name=new_name())
            held.wait_for_commit(Deadline(3))
            before_commit = new_messages(world, before, seconds=0.3)
        created.append(answer.result())
    new_messages(world, before, seconds=2)
    notices = web.get(NOTICES, ANSWER_WITHIN)
    return Seen(web, created, announced(world), before_commit, after_refused, notices)


def given_to(message):
    return [*message.args, *message.kwargs.values()]


def expect_created(seen):
    for answer in seen.created:
        expect(
            answer.status == 201 and isinstance(answer.json(), dict),
            _("Expected: POST answers 201 with the product, as before."),
            seen=f"{answer.status}\n{seen.web.last_traceback() or answer.text[:300]}",
            look=_("What does the route give to the task: a number, or an object?"),
        )
    return [answer.json()["id"] for answer in seen.created]


def notices_in(response):
    """The notices in an answer; none when it is no list of them."""
    notices = response.json()
    if response.status != 200 or not isinstance(notices, list):
        return []
    return [notice for notice in notices if isinstance(notice, dict)]


@criterion(_("GET /api/v1/notices gives a list"), file="wsgi.py")
def test_notices_are_listed(worlds):
    seen = worlds.once(observe)
    expect(
        seen.notices.status == 200 and isinstance(seen.notices.json(), list),
        _("Expected: 200 and a JSON list."),
        seen=f"{seen.notices.status} {seen.notices.text[:300]}",
        look=_("Is there a route for this address, written as the one of the products is?"),
    )


@criterion(_("POST puts the id of the new product in the queue, once, for write_notice"))
def test_message_names_the_id(worlds):
    seen = worlds.once(observe)
    ids = expect_created(seen)
    refused = {message.id for message in seen.after_refused}
    asked = [given_to(message) for message in seen.messages if message.id not in refused]
    expect(
        asked == [[wanted] for wanted in ids],
        _(
            "Expected: after {count} POST, {count} messages {name} wait, each with an id and "
            "nothing else.",
            count=len(ids),
            name=NAME,
        ),
        seen=[f"{NAME}({', '.join(map(repr, given))})" for given in asked]
        or seen.web.last_traceback()
        or [],
        look=_("What does the route give to the task, and where does it get the id?"),
    )


@criterion(_("The message is sent after the commit, not before"), file="wsgi.py")
def test_enqueued_after_the_commit(worlds):
    seen = worlds.once(observe)
    expect_created(seen)
    expect(
        not seen.before_commit,
        _("Expected: as long as the commit has not been made, no message is in the queue."),
        seen=_("The commit was held up for a moment, and the message was there already."),
        look=_("Which of the two comes first in the route: the commit, or the call of the task?"),
    )
    expect(
        seen.messages,
        _("Expected: after the commit, a message is in the queue."),
        seen=_("The queue has no message for {name}.", name=NAME),
        look=_("Does the route call the task, after the commit?"),
    )


@criterion(_("A refused POST puts nothing in the queue"), file="wsgi.py")
def test_refused_product_is_not_announced(worlds):
    seen = worlds.once(observe)
    expect_created(seen)
    expect(
        not seen.after_refused,
        _("Expected: a product without a name is refused, and nobody is told of it."),
        seen=[message.args for message in seen.after_refused],
        look=_("Is the body checked before the task is called?"),
    )


class Worked(NamedTuple):
    """What the worker did with the messages, a product renamed and another one gone."""

    log: str
    last_lines: str
    notices: list
    names: dict  # by the id of the product: the name that it had when the worker began
    missing: dict  # by the id of the message: the id of a product that is not there


def work(worlds):
    """Rename a product, delete another, then let the worker do what waits."""
    world = worlds.shared()
    worker = world.resting_worker  # it starts while the requests are made
    expect(
        NAME in worker.registered_tasks(),
        _("Expected: {name} under [tasks] when the worker starts.", name=NAME),
        seen=worker.registered_tasks(),
        look=_("Is the function in tasks.py, with a task decorator? Is the file saved?"),
    )
    seen = worlds.once(observe)
    renamed, deleted, *others = expect_created(seen)
    names = {renamed: new_name(), others[0]: seen.created[2].json()["name"]}
    seen.web.request("PATCH", f"{PRODUCTS}/{renamed}", data={"name": names[renamed]})
    seen.web.request("DELETE", f"{PRODUCTS}/{deleted}")
    never = 10**6 + secrets.randbelow(10**6)
    missing = {world.queue.put(NAME, never): never}
    missing |= {each.id: deleted for each in seen.messages if deleted in given_to(each)}
    worker.begin()
    for task_id in (*missing, *(each.id for each in seen.messages)):
        if not worker.wait_for_log(ended(task_id), 8):
            break
    notices = notices_in(seen.web.get(NOTICES, ANSWER_WITHIN))
    return Worked(worker.log, worker.last_log(), notices, names, missing)


def ended(task_id):
    return rf"{re.escape(NAME)}\[{task_id}\] (succeeded|raised)"


@criterion(_("The worker writes the notice, and the request does not"), file="tasks.py")
def test_worker_writes_the_notice(worlds):
    seen = worlds.once(observe)
    expect(
        not notices_in(seen.notices),
        _("Expected: no notice as long as no worker runs."),
        seen=seen.notices.text[:300],
        look=_("Who writes the notice: the route, or the task?"),
    )
    worked = worlds.once(work)
    for product_id, name in worked.names.items():
        found = [each for each in worked.notices if each.get("product_id") == product_id]
        expect(
            len(found) == 1 and name in str(found[0].get("text")),
            _(
                "Expected: one notice with product_id {id}, and with the name that the product "
                "has when the worker works: {name}.",
                id=product_id,
                name=name,
            ),
            seen=found or worked.last_lines,
            look=_("What does the worker's log say? Does the task read the product, and commit?"),
        )


@criterion(_("When the product is gone by then, the task ends without an error"), file="tasks.py")
def test_product_is_gone(worlds):
    worked = worlds.once(work)
    for task_id, product_id in worked.missing.items():
        said = re.search(ended(task_id), worked.log)
        found = [each for each in worked.notices if each.get("product_id") == product_id]
        expect(
            said and said[1] == "succeeded" and not found,
            _("Expected: for a product that is not there, the task ends and writes nothing."),
            seen=found or worked.last_lines,
            look=_("What does db.session.get return for an id that is not there?"),
        )


@criterion(_("With Redis stopped, POST answers 201 in under a second, and logs it"), file="wsgi.py")
def test_post_without_redis(worlds):
    with suppress(Unmet):  # told by another criterion; the worker needs Redis until then
        worlds.once(work)
    web = worlds.once(observe).web
    worlds.shared().redis_server.stop()
    before = len(web.log)
    answers = [post(web, name=new_name()) for _number in range(3)]
    worst = max(answers, key=lambda answer: answer.status != 201)
    expect(
        worst.status == 201,
        _("Expected: 201 while Redis is stopped: the product is stored, and that is what counts."),
        seen=f"{worst.status}\n{web.last_traceback() or worst.text[:300]}",
        look=_("What stands around the other call of a task, for a broker that is down?"),
    )
    seconds = min(answer.seconds for answer in answers)
    expect(
        seconds < 1.0,
        _("Expected: less than one second while Redis is stopped."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("How often does the call try again, and does it need a result?"),
    )
    logged = re.sub(r"\x1b\[[0-9;]*m", "", web.log[before:])
    lines = [line for line in logged.splitlines() if line.strip() and not ACCESS_LOG.search(line)]
    expect(
        lines,
        _("Expected: a line in the log that says that the task was not enqueued."),
        seen=logged[-400:],
        look=_("What does the except block do, so that someone learns of it?"),
    )
