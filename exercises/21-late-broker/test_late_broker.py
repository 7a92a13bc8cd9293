"""Step 21: the broker is asked of the app when Celery needs it, and not before."""

from concurrent.futures import ThreadPoolExecutor

from atelier.checks import (
    PRODUCTS,
    Deadline,
    _,
    criterion,
    expect,
    insert_products,
    start_web,
    start_worker,
)

VARIABLE = "REDIS_URL"
LIST_TIMES = 3
# The app of each request; the last one made would get them all without asking current_app.
APP_OF_REQUESTS = [0, 1, 0, 0]
MESSAGES = [4, 1]  # for each app; the first one also creates a product
# Another address than the one it was not given, or no end at all.
GOES_ON = r"Cannot connect to (?P<address>\S+): |\S+@\S+ ready\.$"

IMPORT = """
missing = None
try:
    import config, factory, tasks, wsgi
except KeyError as error:
    missing = repr(error)
tell({"missing": missing})
"""

SET_LATE = """
import os
import factory
factory.create_app()  # what this one has read is not kept for the next
os.environ["REDIS_URL"] = url
app = factory.create_app()
tell(app.test_client().get(path).status_code)
"""

TWO_APPS = """
from factory import create_app

def app_with(url):
    return create_app({"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url})

apps = [app_with(url) for url in urls]
clients = [app.test_client() for app in apps]
answers = [clients[number].get(path) for number in requests]
answers.append(clients[0].post(path, json={"name": "a product"}))
tell([answer.status_code for answer in answers])
"""

# Two apps in one process, each with a worker of its own, and a task that tells whose it is.
TWO_WORKERS = """
from celery import shared_task
from flask import current_app
from factory import create_app

@shared_task(name="two_apps.shop_name")
def shop_name():
    return current_app.config.get("SHOP_NAME")

def celery_of(url, name):
    addresses = {{"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}}
    return create_app({{**addresses, "SHOP_NAME": name}}).extensions["celery"]

first = celery_of({first!r}, "first")
second = celery_of({second!r}, "second")
"""


def without_address(worlds):
    """A world on a machine where nobody has set REDIS_URL."""
    world = worlds.new(platform=True)
    del world.env[VARIABLE]
    return world


def server_without_address(worlds):
    """The web server and its products, on such a machine."""
    world = worlds.once(without_address)
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(start_web, world)
        products = insert_products(world)
        return starting.result(), products


def listed(worlds):
    """The answers to some requests for the list there, and what was logged meanwhile."""
    web, products = worlds.once(server_without_address)
    before = len(web.log)
    answers = [web.get(PRODUCTS, seconds=8) for _number in range(LIST_TIMES)]
    return web, products, answers, web.wait_for_log(VARIABLE, LIST_TIMES, before)


def created(worlds):
    """The answer to POST there, once the log of the list was read: this one is logged too."""
    web, *_listed = worlds.once(listed)
    return web, web.request("POST", PRODUCTS, data={"name": "a product"}, seconds=8)


def two_apps(worlds):
    """What two apps of one process answer, and what then waits in the Redis of each."""
    world, other = worlds.new(), worlds.new()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(lambda: other.redis)
        world.migrate()
        urls = [world.redis.url, starting.result().url]
    statuses = world.python(TWO_APPS, urls=urls, path=PRODUCTS, requests=APP_OF_REQUESTS)
    waiting = [
        place.queue.wait_for_messages(count, Deadline(2))
        for count, place in zip(MESSAGES, (world, other), strict=True)
    ]
    return statuses, [len(messages) for messages in waiting]


def two_workers(worlds):
    """What the same task gives in the workers of two apps of one file."""
    world, other = worlds.new(), worlds.new()
    urls = {"first": world.redis.url, "second": other.redis.url}
    (world.root / "two_apps.py").write_text(TWO_WORKERS.format(**urls))
    with ThreadPoolExecutor(2) as pool:
        workers = list(pool.map(lambda name: start_worker(world, app=f"two_apps.{name}"), urls))
    results, logs = [], []
    for place, worker in zip((world, other), workers, strict=True):
        result = place.queue.wait_for_result(place.queue.put("two_apps.shop_name"), Deadline(10))
        results.append(f"{result.state}: {result.value}" if result else None)
        logs.append(worker.last_log())
    return results, logs


@criterion(_("Importing the code needs no REDIS_URL"), file="config.py")
def test_import_needs_no_address(worlds):
    told = worlds.once(without_address).python(IMPORT)
    expect(
        told["missing"] is None,
        _("Expected: config, factory, tasks and wsgi can be imported without REDIS_URL."),
        seen=told["missing"],
        look=_("Which line reads REDIS_URL while the file is imported?"),
    )


@criterion(_("create_app reads REDIS_URL when it is called"), file="config.py")
def test_environment_is_read_late(worlds):
    world = worlds.once(without_address)
    world.migrate()
    status = world.python(SET_LATE, url=world.redis.url, path=PRODUCTS)
    expect(
        world.queue.wait_for_messages(1, Deadline(2)),
        _("Expected: REDIS_URL is set after the import, and a new app puts its message there."),
        seen=_("The list answers {status}, and no message waits in this Redis.", status=status),
        look=_("Does each call of create_app read the environment anew?"),
    )


@criterion(_("Without REDIS_URL, a page that needs no broker answers"), file="factory.py")
def test_page_answers_without_address(worlds):
    web, products = worlds.once(server_without_address)
    for path in ("/", f"{PRODUCTS}/{products[0]['id']}"):
        answer = web.get(path, seconds=8)
        expect(
            answer.status == 200,
            _("Expected: {path} answers 200 without REDIS_URL.", path=path),
            seen=f"{answer.status} {web.last_traceback() or answer.text[:300]}",
            look=_("What does this page need a broker for?"),
        )


@criterion(_("Without REDIS_URL, the list still gives the products"), file="views/products.py")
def test_list_answers_without_address(worlds):
    web, products, answers, _logged = worlds.once(listed)
    worst = max(answers, key=lambda answer: answer.status != 200)
    found = worst.json() if isinstance(worst.json(), list) else []
    expect(
        worst.status == 200 and {row["id"] for row in products} <= {row["id"] for row in found},
        _("Expected: 200 and the products, as with a Redis that is stopped."),
        seen=f"{worst.status} {web.last_traceback() or worst.text[:300]}",
        look=_("Which exception does the call of the task raise now, and who catches it?"),
    )


@criterion(_("Without REDIS_URL, a product can be created"), file="views/products.py")
def test_post_answers_without_address(worlds):
    web, answer = worlds.once(created)
    told = web.last_traceback() if answer.status == 500 else None
    expect(
        answer.status == 201,
        _("Expected: 201, as with a Redis that is stopped."),
        seen=f"{answer.status} {told or answer.text[:300]}",
        look=_("Which exception does the call of the task raise now, and who catches it?"),
    )


@criterion(_("Without REDIS_URL, each request for the list logs what is missing"), file="tasks.py")
def test_log_names_what_is_missing(worlds):
    _web, _products, answers, logged = worlds.once(listed)
    lines = [line for line in logged.splitlines() if VARIABLE in line]
    expect(
        len(lines) >= len(answers),
        _("Expected: after {count} requests, {count} lines that name REDIS_URL.", count=LIST_TIMES),
        seen=logged[-600:],
        look=_("Is the address asked for each time? Which broker does Celery try without one?"),
    )


@criterion(
    _("Without REDIS_URL, the worker ends, and one sentence says why"),
    file="tasks.py",
    timeout=90,
)
def test_worker_says_why_it_ends(worlds):
    world = without_address(worlds)
    world.env[VARIABLE] = ""  # set, but to nothing: no address either
    process = world.run("celery", "-A", "tasks.celery", "worker", "--pool=solo")
    started = process.wait_for(GOES_ON, Deadline(50))
    told = process.output.text
    expect(
        started is None and process.exit_code,
        _("Expected: a worker without an address ends at once, with another code than 0."),
        seen=started[0] if started else _("exit code {code}", code=process.exit_code),
        look=_("Which broker does Celery try when nobody gives it one?"),
    )
    last = told.strip().splitlines()[-4:]  # a sentence may take several lines
    expect(
        any(VARIABLE in line for line in last),
        _("Expected: what it says at its end names REDIS_URL."),
        seen="\n".join(last),
        look=_("What does the exception say?"),
    )
    expect(
        "Traceback" not in told,
        _("Expected: one sentence for whoever starts the worker, and no traceback."),
        seen=told[-600:],
        look=_("Which class of exceptions does the command celery show in one line?"),
    )


@criterion(_("Two apps of one process put their messages in two Redis"), file="views/products.py")
def test_two_apps_have_two_brokers(worlds):
    statuses, waiting = worlds.once(two_apps)
    expect(
        waiting == MESSAGES,
        _("Expected: each request leaves its message in the Redis of its own app."),
        seen=_(
            "{wanted} requests, {waiting} messages; the answers: {statuses}",
            wanted=MESSAGES,
            waiting=waiting,
            statuses=statuses,
        ),
        look=_("Which Celery does the view ask: that of current_app, or the last one made?"),
    )


@criterion(
    _("In the worker, a task runs in the context of its own app"), file="tasks.py", timeout=90
)
def test_task_sees_its_app(worlds):
    seen, logs = worlds.once(two_workers)
    for result, log in zip(seen, logs, strict=True):
        expect(
            result is not None or "] succeeded in " not in log,
            _("Expected: the result of a task stands in the Redis of its own app."),
            seen=log,
            look=_("What does Celery get when it asks for result_backend?"),
        )
    expect(
        seen == ["SUCCESS: first", "SUCCESS: second"],
        _("Expected: the same task, in the workers of two apps, finds the settings of each."),
        seen="\n".join(result or log for result, log in zip(seen, logs, strict=True)),
        look=_("Which app does ContextTask open the context of?"),
    )
