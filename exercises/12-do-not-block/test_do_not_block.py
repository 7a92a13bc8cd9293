"""Step 12: the list enqueues the slow work and answers at once."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from atelier.checks import PRODUCTS, Web, _, criterion, expect

NAME = "tasks.very_slow_add"
REQUESTS = 3
ANSWER_WITHIN = 8  # seconds


def names_in(response):
    """The names of the products in a JSON list; none when the answer is no list."""
    products = response.json()
    if not isinstance(products, list):
        return set()
    return {product.get("name") for product in products if isinstance(product, dict)}


def slow_adds(world):
    """The messages that ask for the slow work; from step 14 on, other tasks wait as well."""
    return [message for message in world.queue.waiting() if message.task == NAME]


class Seen(NamedTuple):
    """What was seen while no worker took anything from the queue."""

    web: Web
    after_others: list
    answers: list
    waiting: list


def observe(worlds):
    """Ask for what must not enqueue, then for the list: the answers, and what waits after each."""
    world = worlds.shared()
    web = world.web
    for path in ("/", "{}/{}".format(PRODUCTS, web.products[0]["id"])):
        web.get(path)
    after_others = slow_adds(world)
    answers = [web.get(PRODUCTS, ANSWER_WITHIN)]
    with ThreadPoolExecutor() as pool:
        others = [pool.submit(web.get, PRODUCTS, ANSWER_WITHIN) for _number in range(1, REQUESTS)]
        answers += [other.result() for other in others]
    return Seen(web, after_others, answers, slow_adds(world)[len(after_others) :])


@criterion(_("The list answers without waiting for the task"), file="wsgi.py")
def test_list_answers_at_once(worlds):
    web, _others, answers, _waiting = worlds.once(observe)
    worst = max(answers, key=lambda answer: answer.status != 200)
    expect(
        worst.status == 200,
        _("Expected: the list answers 200."),
        seen=f"{worst.status}\n{web.last_traceback() or worst.text[:300]}",
        look=_("What does the route return?"),
    )
    # What waits for the task waits each time; the first request also imports Celery.
    seconds = min(answer.seconds for answer in answers)
    expect(
        seconds < 1.0,
        _("Expected: less than one second."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("Which line of the route waits for the result?"),
    )


@criterion(_("The list still gives the products"), file="wsgi.py")
def test_list_gives_the_products(worlds):
    web, _others, answers, _waiting = worlds.once(observe)
    expect(
        {product["name"] for product in web.products} <= names_in(answers[-1]),
        _("Expected: a JSON list of the products, as before."),
        seen=web.last_traceback() or answers[-1].text[:300],
        look=_("What does the route return after it has called the task?"),
    )


@criterion(_("Each request leaves one message in the queue"), file="wsgi.py")
def test_each_request_leaves_a_message(worlds):
    web, _others, _answers, waiting = worlds.once(observe)
    expect(
        [message.task for message in waiting] == [NAME] * REQUESTS,
        _(
            "Expected: after {count} requests, {count} messages {name} wait in Redis.",
            count=REQUESTS,
            name=NAME,
        ),
        seen=[message.task for message in waiting] or web.last_traceback() or [],
        look=_("Does the route call delay, and on the task of tasks.py?"),
    )


@criterion(_("The worker does the work that the request left"), file="wsgi.py")
def test_worker_does_the_work(worlds):
    worker = worlds.shared().resting_worker  # it starts while the requests are made
    waiting = worlds.once(observe).waiting
    expect(
        waiting,
        _("Expected: a message in the queue for the worker to take."),
        seen=_("The queue is empty after {count} requests.", count=REQUESTS),
        look=_("Does the route put the task in the queue, or run it itself?"),
    )
    began = worker.begin()
    end = rf"Task {NAME}\[{waiting[0].id}\] (?:succeeded in ([\d.]+)s|raised).*"
    worker.wait_for_log(end, 12)
    seconds = time.monotonic() - began
    said = re.search(end, worker.log)
    expect(
        said and min(float(said[1] or 0), seconds) >= 3.0,  # its word, and our clock
        _("Expected: a worker started now does the task, in three seconds."),
        seen=said[0] if said else worker.last_log(),
        look=_("What does the worker's log say about the task?"),
    )


@criterion(_("The other routes do not enqueue anything"), file="wsgi.py")
def test_only_the_list_enqueues(worlds):
    waiting = worlds.once(observe).after_others
    expect(
        not waiting,
        _("Expected: GET / and GET on one product leave the queue empty."),
        seen=[message.task for message in waiting],
        look=_("In which route does the call of the task stand?"),
    )
