"""Step 13: the list answers while Redis is stopped, says so in the log, and recovers."""

import re

from atelier.checks import PRODUCTS, Deadline, _, criterion, expect

NAME = "tasks.very_slow_add"
ACCESS_LOG = re.compile(r'"[A-Z]+ \S+ HTTP/1\.[01]" \d{3}')


def names_in(response):
    """The names of the products in a JSON list; none when the answer is no list."""
    products = response.json()
    if not isinstance(products, list):
        return set()
    return {product.get("name") for product in products if isinstance(product, dict)}


def observe(worlds):
    """Ask for the list once; with Redis stopped, three times; with Redis back, twice."""
    world = worlds.shared()
    web = world.web
    web.get(PRODUCTS, seconds=8)  # this one also imports Celery
    world.redis_server.stop()
    before = len(web.log)
    down = [web.get(PRODUCTS, seconds=8) for _number in range(3)]
    logged = web.log[before:]
    world.redis_server.start()
    up = [web.get(PRODUCTS, seconds=8) for _number in range(2)]
    waiting = world.queue.wait_for_messages(2, Deadline(3))
    return web, down, logged, up, waiting


@criterion(_("With Redis stopped, the list answers 200 in under a second"), file="wsgi.py")
def test_list_answers_without_redis(worlds):
    web, down, _logged, _up, _waiting = worlds.once(observe)
    worst = max(down, key=lambda answer: answer.status != 200)
    expect(
        worst.status == 200,
        _("Expected: 200 while Redis is stopped."),
        seen=f"{worst.status}\n{web.last_traceback() or worst.text[:300]}",
        look=_("Which exception does the call of the task raise, and who catches it?"),
    )
    # What waits for Redis waits each time; a busy machine does not.
    seconds = min(answer.seconds for answer in down)
    expect(
        seconds < 1.0,
        _("Expected: less than one second while Redis is stopped."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("How often does the call try again, and does it need a result?"),
    )


@criterion(_("With Redis stopped, the list still gives the products"), file="wsgi.py")
def test_list_gives_the_products(worlds):
    web, down, _logged, _up, _waiting = worlds.once(observe)
    expect(
        {product["name"] for product in web.products} <= names_in(down[-1]),
        _("Expected: a JSON list of the products while Redis is stopped."),
        seen=web.last_traceback() or down[-1].text[:300],
        look=_("What does the route return after the exception is caught?"),
    )


@criterion(_("With Redis stopped, the web server logs a warning"), file="wsgi.py")
def test_warning_is_logged(worlds):
    _web, down, logged, _up, _waiting = worlds.once(observe)
    lines = [line for line in logged.splitlines() if line.strip() and not ACCESS_LOG.search(line)]
    expect(
        lines and down[-1].status != 500,  # the traceback of an error is no warning
        _("Expected: a line in the log that says that the task was not enqueued."),
        seen=logged[-400:],
        look=_("What does the except block do, so that someone learns of it?"),
    )


@criterion(_("When Redis is back, the list enqueues again, with no restart"), file="wsgi.py")
def test_queue_is_used_again(worlds):
    _web, _down, _logged, up, waiting = worlds.once(observe)
    expect(
        up[-1].status == 200 and [message.task for message in waiting] == [NAME, NAME],
        _("Expected: once Redis runs again, each request leaves its message in the queue."),
        seen=_(
            "{status}, {count} messages in the queue after {requests} requests",
            status=up[-1].status,
            count=len(waiting),
            requests=len(up),
        ),
        look=_("Does the route still call the task, and only catch what a stopped Redis raises?"),
    )
    seconds = min(answer.seconds for answer in up)
    expect(
        seconds < 1.0,
        _("Expected: less than one second when Redis is back."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("Which line of the route waits?"),
    )
