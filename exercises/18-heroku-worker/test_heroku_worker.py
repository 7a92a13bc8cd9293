"""Step 18: the Redis of a host, behind TLS and a certificate that it signed itself."""

from atelier.checks import (
    INSTALLED_WITHIN,
    PRODUCTS,
    Deadline,
    _,
    criterion,
    deploy,
    expect,
)

COUNT = "tasks.count_products"
NOTICE = "tasks.write_notice"

READ_CELERY = """
from tasks import celery
celery.backend.client.ping()
with celery.connection_for_write() as broker:
    broker.ensure_connection(max_retries=1, timeout=5)
tell(True)
"""


def pushed(worlds):
    """A world, and its project pushed to a Heroku whose REDIS_URL is a rediss:// address."""
    world = worlds.new(platform=True)
    database = world.env["DATABASE_URL"]
    return world, deploy(world, DATABASE_URL=database, REDIS_URL=world.redis_over_tls)


def enqueue(worlds):
    """What POST to the web process leaves in the queue, before there is a worker."""
    world, app = worlds.once(pushed)
    web = app.web()
    answers = [
        web.request("POST", PRODUCTS, data={"name": f"lamp {number}"}, seconds=20)
        for number in range(2)
    ]
    waiting = world.queue.wait_for_messages(2, Deadline(2))
    return web, answers, waiting


def work(worlds):
    """The worker process, started once the messages wait, and the result of a task."""
    world, app = worlds.once(pushed)
    _web, _answers, waiting = worlds.once(enqueue)
    worker = app.worker()
    task_id = world.queue.put(COUNT)
    result = world.queue.wait_for_result(task_id, Deadline(8))
    done = all(
        worker.wait_for_log(rf"{NOTICE}\[{message.id}\] succeeded", 5) for message in waiting
    )
    return worker, result, done


@criterion(
    _("Over rediss://, POST leaves its message in the queue"),
    file="config.py",
    timeout=INSTALLED_WITHIN,
)
def test_web_enqueues_over_tls(worlds):
    web, answers, waiting = worlds.once(enqueue)
    expect(
        all(answer.status == 201 for answer in answers),
        _("Expected: POST answers 201 when REDIS_URL begins with rediss://."),
        seen=f"{answers[-1].status}\n{web.last_traceback() or answers[-1].text[:300]}",
        look=_("What does Celery want to be told about the certificate?"),
    )
    expect(
        [message.task for message in waiting] == [NOTICE] * len(answers),
        _("Expected: after {count} POST, {count} messages wait.", count=len(answers)),
        seen=web.log[-600:],
        look=_("What does the warning in the log say? Is the certificate accepted?"),
    )


@criterion(
    _("Over rediss://, the worker starts and does what waits"),
    file="config.py",
    timeout=INSTALLED_WITHIN,
)
def test_worker_works_over_tls(worlds):
    worker, _result, done = worlds.once(work)
    expect(
        done and worlds.once(enqueue)[2],
        _("Expected: the worker process does what the web process left in the queue."),
        seen=worker.last_log(),
        look=_("What does the worker's log say about its broker?"),
    )


@criterion(
    _("Over rediss://, the result of a task is stored"), file="config.py", timeout=INSTALLED_WITHIN
)
def test_result_is_stored_over_tls(worlds):
    worker, result, _done = worlds.once(work)
    expect(
        result is not None and result.state == "SUCCESS" and result.value == 2,
        _(
            "Expected: the task {name} gives {count}, and its result is in Redis.",
            name=COUNT,
            count=2,
        ),
        seen=f"{result.state}: {result.value}" if result else worker.last_log(),
        look=_("Two settings hold an address of Redis. Does the second know of the certificate?"),
    )


@criterion(_("Over redis://, on your own machine, all works as before"), file="config.py")
def test_plain_redis_still_works(worlds):
    world = worlds.new(platform=True)
    reached = world.python(READ_CELERY, seconds=12)  # TLS towards a plain server hangs
    expect(
        reached,
        _("Expected: broker and result backend are reached over redis://."),
        look=_("Is the certificate mentioned where there is none?"),
    )
