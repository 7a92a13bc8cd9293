"""Step 25: the broker and the place of the results have addresses of their own."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    RabbitServer,
    Response,
    Web,
    World,
    _,
    criterion,
    expect,
    expect_status,
    insert_products,
    rabbitmq_of,
    start_web,
    start_worker,
)

TASKS = "/task/"
BROKER = "CELERY_BROKER_URL"
RESULTS = "CELERY_RESULT_BACKEND"
WITH_A_SERVER = 240  # seconds: RabbitMQ itself takes long to start

# Each app is made with variables that were set after the import. It starts a task, and a result
# is laid where it should look for one: that shows where it does, without a worker. Celery reads
# CELERY_BROKER_URL and CELERY_RESULT_BACKEND by itself, so the settings of the app are told too.
APPS = """
import json, os
import factory, tasks, wsgi
from redis import Redis

def look(variables, results):
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(variables)
    app = factory.create_app()
    client = app.test_client()
    started = client.post(path)
    answer = started.get_json(silent=True)
    task_id = answer.get("task_id") if isinstance(answer, dict) else None
    told = {"status": started.status_code, "id": task_id, "state": None, "result": None}
    told |= {"settings": {name: app.config.get(name) for name in addresses}}
    if not task_id:
        return told
    stored = {"task_id": task_id, "status": "SUCCESS", "result": mark}
    Redis.from_url(results).set(f"celery-task-meta-{task_id}", json.dumps(stored))
    found = client.get(path + task_id).get_json(silent=True) or {}
    return told | {"state": found.get("state"), "result": found.get("result")}

tell([look(*case) for case in cases])
"""
NEITHER, BROKER_ALONE, BOTH, EMPTY, WITHOUT_REDIS_URL = range(5)


class Apps(NamedTuple):
    """What each app told, and the ids of what waits in each of two Redis."""

    told: list
    first: list  # the Redis of REDIS_URL
    second: list
    mark: str
    given: list  # the variables of each


def make_apps(worlds):
    """Apps with different variables, in one process."""
    world, other = worlds.new(), worlds.new()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(lambda: other.redis).result().url
        first = world.redis.url
    third = first.rpartition("/")[0] + "/1"  # another of the sixteen databases of a Redis
    redis = {"REDIS_URL": first}
    cases = [
        (redis, first),
        ({**redis, BROKER: second}, first),
        ({**redis, BROKER: second, RESULTS: third}, third),
        ({**redis, BROKER: "", RESULTS: ""}, first),
        ({BROKER: second}, second),
    ]
    mark = secrets.token_hex(4)
    names = ["REDIS_URL", BROKER, RESULTS]
    told = world.python(
        APPS, cases=cases, names=names, addresses=[BROKER, RESULTS], path=TASKS, mark=mark
    )
    waiting = [[message.id for message in each.queue.waiting()] for each in (world, other)]
    return Apps(told, *waiting, mark, [variables for variables, _results in cases])


def expect_message(apps, number, where, variables):
    """Expect the message of an app in one of the two Redis."""
    told = apps.told[number]
    expect(
        told["id"] in where,
        _("Expected: with {variables}, the message waits there.", variables=variables),
        seen=_(
            "{status}; messages in the Redis of REDIS_URL: {first}, in the other one: {second}",
            status=told["status"],
            first=len(apps.first),
            second=len(apps.second),
        ),
        look=_("Which address does the broker have in this case, and when is it read?"),
    )


def expect_result(apps, number, variables):
    told = apps.told[number]
    expect(
        told["result"] == apps.mark,
        _("Expected: with {variables}, GET finds a result there.", variables=variables),
        seen=_("the state {state}, and no such result", state=told["state"]),
        look=_("Which address does the result backend have in this case?"),
    )


@criterion(_("With REDIS_URL alone, Redis is the broker and keeps the results"), file="config.py")
def test_redis_does_both(worlds):
    apps = worlds.once(make_apps)
    variables = {
        NEITHER: _("REDIS_URL alone"),
        EMPTY: _("CELERY_BROKER_URL and CELERY_RESULT_BACKEND left empty"),
    }
    for number, told in variables.items():
        expect_message(apps, number, apps.first, told)
        expect_result(apps, number, told)


@criterion(_("CELERY_BROKER_URL names another broker"), file="config.py")
def test_broker_of_its_own(worlds):
    apps = worlds.once(make_apps)
    for number in (BROKER_ALONE, BOTH):
        expect_message(apps, number, apps.second, BROKER)
        expect_setting(apps, number, BROKER)
    expect_message(apps, WITHOUT_REDIS_URL, apps.second, _("this variable alone"))


@criterion(_("The results stay in Redis, or go where CELERY_RESULT_BACKEND says"), file="config.py")
def test_results_have_a_place(worlds):
    apps = worlds.once(make_apps)
    expect_result(apps, BROKER_ALONE, _("REDIS_URL, and another broker,"))
    expect_result(apps, BOTH, RESULTS)
    expect_setting(apps, BOTH, RESULTS)


def expect_setting(apps, number, name):
    """Expect that the app itself knows the address which Celery takes from the environment."""
    told = apps.told[number]["settings"][name]
    expect(
        told == apps.given[number][name],
        _("Expected: {name} in the settings of the app is the address of the variable.", name=name),
        seen=told,
        look=_("Where does config.py read this variable, and when?"),
    )


class Rabbit(NamedTuple):
    """A real RabbitMQ, what was asked for, and what then waits where."""

    world: World
    server: RabbitServer
    web: Web
    products: list
    started: Response
    in_rabbitmq: int
    in_redis: int


def with_rabbitmq(worlds):
    """Start a task while RabbitMQ is the broker, and no worker runs."""
    world = worlds.new()
    server = rabbitmq_of(world)
    world.env[BROKER] = server.url
    world.env["REDIS_URL"] = world.redis.url
    with ThreadPoolExecutor(2) as pool:
        rabbit = pool.submit(server.start)
        web = pool.submit(start_web, world)
        products = insert_products(world)
        rabbit.result()
    started = web.result().request("POST", TASKS, seconds=30)
    waiting = server.wait_for_messages(1, Deadline(3))
    in_redis = len(world.queue.waiting())
    return Rabbit(world, server, web.result(), products, started, waiting, in_redis)


def id_of(response):
    told = response.json()
    return str(told.get("task_id")) if isinstance(told, dict) else ""


def worked(worlds):
    """The result of that task, once a worker has run it, and what GET tells."""
    rabbit = worlds.once(with_rabbitmq)
    expect_status(rabbit.started, 202, "POST /task/", rabbit.web)
    worker = start_worker(rabbit.world)
    task_id = id_of(rabbit.started)
    result = rabbit.world.queue.wait_for_result(task_id, Deadline(20))
    found = rabbit.web.get(f"{TASKS}{task_id}")
    return result, found, rabbit.server.waiting(), worker


def listed_without(worlds):
    """The list of the products once RabbitMQ has stopped, after a list while it ran."""
    rabbit = worlds.once(with_rabbitmq)
    worlds.once(worked)
    before = rabbit.web.get(PRODUCTS)
    rabbit.server.stop()
    # What is sent on a connection whose other end has just gone may be lost without an error.
    answers = [rabbit.web.get(PRODUCTS) for _time in range(2)]
    after = next((each for each in answers if each.status != 200), answers[-1])
    return before, after, rabbit.web


@criterion(
    _("With the address of a RabbitMQ, the message waits there"),
    file="config.py",
    timeout=WITH_A_SERVER,
)
def test_message_waits_in_rabbitmq(worlds):
    rabbit = worlds.once(with_rabbitmq)
    expect_status(rabbit.started, 202, "POST /task/", rabbit.web)
    expect(
        (rabbit.in_rabbitmq, rabbit.in_redis) == (1, 0),
        _("Expected: one message in RabbitMQ, and none in Redis."),
        seen=_(
            "in RabbitMQ: {rabbitmq}, in Redis: {redis}",
            rabbitmq=rabbit.in_rabbitmq,
            redis=rabbit.in_redis,
        ),
        look=_("Which address does the broker have in this case, and when is it read?"),
    )


@criterion(
    _("The worker takes it from RabbitMQ, and the result is in Redis"),
    file="config.py",
    timeout=WITH_A_SERVER,
)
def test_worker_takes_from_rabbitmq(worlds):
    result, found, waiting, worker = worlds.once(worked)
    expect(
        result is not None and result.state == "SUCCESS" and waiting == 0,
        _("Expected: a worker empties the queue in RabbitMQ, and the result is in Redis."),
        seen=_(
            "{count} messages wait; the worker says: {log}", count=waiting, log=worker.last_log()
        ),
        look=_("Which address does the result backend have in this case?"),
    )
    told = found.json() if isinstance(found.json(), dict) else {}
    expect(
        told.get("state") == "SUCCESS",
        _("Expected: GET /task/<task_id> gives the state SUCCESS."),
        seen=f"{found.status} {found.text[:300]}",
        look=_("Which address does the result backend have in this case?"),
    )


@criterion(
    _("With RabbitMQ stopped, the list still gives the products"),
    file="views/products.py",
    timeout=WITH_A_SERVER,
)
def test_list_without_rabbitmq(worlds):
    _before, after, web = worlds.once(listed_without)
    expect_status(after, 200, "GET /api/v1/products", web)
    found = after.json() if isinstance(after.json(), list) else []
    ids = {row["id"] for row in worlds.once(with_rabbitmq).products}
    expect(
        ids <= {row["id"] for row in found},
        _("Expected: the products, as with a Redis that is stopped."),
        seen=after.text[:300],
        look=_("Which exception does the call of the task raise now, and who catches it?"),
    )
