"""Step 33: an address starts its task once, whoever asks at the same moment, and whoever dies."""

from concurrent.futures import ThreadPoolExecutor

from atelier.checks import _, criterion, expect

MODULE = "background.py"
ROUNDS = 12
ASKED_BY = 2  # processes
THREADS = 4
LONG = 3600  # seconds: the lease everywhere else
SHORT = 2  # seconds: the lease in the part of the check that waits for its end
ANSWERS_WITHIN = 45.0

# Each process asks in several threads, all at the same moment: Redis counts who is ready.
TOOLS = """
import os, threading, time
from concurrent.futures import ThreadPoolExecutor
from celery.signals import before_task_publish
from redis import Redis
import background
from factory import create_app
from tasks import tell_time, very_slow_add

redis = Redis.from_url(redis_url, decode_responses=True)
sent, moments = [], []
sending = threading.Lock()

@before_task_publish.connect(weak=False)
def count(**message):
    with sending:
        sent.append(message["headers"]["id"])
        moments.append(time.monotonic())

def app_with(lease):
    os.environ["PROCESS_LEASE"] = str(lease)
    app = create_app()
    app.lease = str(lease)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app

app = app_with(long_lease)

def meet(name, count):
    redis.incr("check:" + name)
    end = time.monotonic() + 20
    while int(redis.get("check:" + name)) < count and time.monotonic() < end:
        pass

def check(url, *args, task=tell_time, app=app, **options):
    os.environ["PROCESS_LEASE"] = app.lease  # for those who read it late
    with app.app_context():
        return background.check_status_or_begin(task, args, polling_url=url, **options)

def ask(name, *args, app=app, **options):
    os.environ["PROCESS_LEASE"] = app.lease
    with app.app_context():
        return getattr(background, name)(*args, **options)

def attempt(*args, **options):
    before = len(sent)
    try:
        told = {"text": check(*args, **options)}
    except Exception as error:
        told = {"raises": f"{type(error).__name__}: {error}"}
    return {**told, "sent": len(sent) - before}
"""

# In one of them, before a worker runs: what begin_process leaves behind it.
HELD = """
ask("begin_process", tell_time, (0,), polling_url="/check/held/")
held = {"begun": attempt("/check/held/", 0)}
for key in redis.keys():  # ten minutes pass
    left = redis.pttl(key)
    if left > 0:
        redis.pexpire(key, max(1, left - 600_000))
time.sleep(0.1)
held["later"] = attempt("/check/held/", 0)
"""

RACE = """
def race(number):
    def one(thread):
        meet(f"round-{number}", processes * threads)
        return check(f"/check/race/{number}/", 0)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))

before = len(sent)
texts = [race(number) for number in range(rounds)]
tell({"texts": texts, "sent": len(sent) - before})
"""

# Goes on in one of them, once a worker runs.
REST = """
def until(condition, seconds=25):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found

def ended(task_id):
    def final():
        stored = redis.get("celery-task-meta-" + task_id) or ""
        return any(f'"status": "{state}"' in stored for state in ("SUCCESS", "FAILURE"))
    return until(final)

def begin_at(url, *args, **options):
    before = len(sent)
    check(url, *args, **options)
    return sent[before]

# A task that failed, one whose result is not kept, and one that is never sent.
told = {"held": held}
until(lambda: redis.get("check:worker"), seconds=60)
ended(begin_at("/check/failing/", "soon"))
told["after_failure"] = attempt("/check/failing/", 0)
check("/check/uncached/", 0, cache_results=False)
ended(sent[-1])
told["after_uncached"] = attempt("/check/uncached/", 0, cache_results=False)
told["not_sent"] = attempt("/check/not-sent/", object(), 1, task=very_slow_add)
told["after_not_sent"] = attempt("/check/not-sent/", 1, 2, task=very_slow_add)
told["after_success"] = [attempt(f"/check/race/{number}/", 0) for number in range(rounds)]
told["results"] = [
    until(lambda: ask("get_process_result", polling_url=f"/check/race/{number}/"))
    for number in range(rounds)
]

# The lease of the first one is over, so another one runs when the first one ends.
short = app_with(lease)
first = begin_at("/check/late/", 4, app=short, cache_results=False)
before = len(sent)
until(
    lambda: check("/check/late/", 90, cache_results=False) and len(sent) > before, seconds=10
)
told["late"] = {"restarted": len(sent) - before, "ended": ended(first)}
told["late"]["again"] = attempt("/check/late/", 90, cache_results=False)
tell(told)

# The worker is killed in the middle of this one.
began = time.monotonic()
tell(begin_at("/check/killed/", 90, app=short))
before = len(sent)
running = ask("process_is_running", polling_url="/check/killed/")
asked = time.monotonic() - began

def revisit(thread):
    until(lambda: check("/check/killed/", 90) and len(sent) > before, seconds=10)

with ThreadPoolExecutor(threads) as pool:
    list(pool.map(revisit, range(threads)))
after = moments[before] - began if len(moments) > before else None
tell({"running": running, "asked": asked, "again": len(sent) - before, "after": after})
"""


def given(worlds):
    """What both programs are told."""
    return {
        "redis_url": worlds.shared().redis.url,
        "processes": ASKED_BY,
        "threads": THREADS,
        "rounds": ROUNDS,
        "long_lease": LONG,
        "lease": SHORT,
    }


def raced(worlds):
    """What each process tells of the race, and the one of them that goes on."""
    world = worlds.shared()
    world.source.text(MODULE)
    values = given(worlds)
    programs = [
        world.ask(TOOLS + RACE, **values),
        world.ask(TOOLS + HELD + RACE + REST, **values),
    ]
    with ThreadPoolExecutor(1) as pool:  # the worker imports meanwhile
        pool.submit(lambda: world.resting_worker)
        told = [program.answer(ANSWERS_WITHIN) for program in programs]
    return told, programs[1]


def worked(worlds):
    """What it tells beside a worker."""
    _told, program = worlds.once(raced)
    world = worlds.shared()
    world.resting_worker.begin()
    world.redis.client().set("check:worker", 1)
    return program.answer(120, number=2)


def killed(worlds):
    """What it tells of a task whose worker was killed in the middle."""
    worlds.once(worked)
    _told, program = worlds.once(raced)
    worker = worlds.shared().resting_worker
    worker.wait_for_log(rf"\[{program.answer(ANSWERS_WITHIN, number=3)}\] received", 10)
    worker.stop()
    return program.answer(ANSWERS_WITHIN, number=4)


@criterion(_("Visits of the same moment start one task"), file=MODULE)
def test_one_of_many(worlds):
    told, _program = worlds.once(raced)
    started = sum(each["sent"] for each in told)
    expect(
        started == ROUNDS,
        _(
            "Expected: {visits} visits at once to each of {count} addresses start {count} tasks.",
            visits=ASKED_BY * THREADS,
            count=ROUNDS,
        ),
        seen=_("{count} tasks", count=started),
        look=_("What can happen between the question and the start?"),
    )
    texts = [[text for each in told for text in each["texts"][number]] for number in range(ROUNDS)]
    expect(
        all(len(set(each)) == 2 for each in texts),
        _("Expected: one of the visits hears that the task has begun, the others that it runs."),
        seen=texts[0],
        look=_("What is returned when another visit holds the lock?"),
    )


@criterion(_("The end of a task frees its address at once"), file=MODULE, timeout=240)
def test_end_frees(worlds):
    told = worlds.once(worked)
    for case, what in (
        ("after_failure", _("Expected: when the task has raised, the next visit starts it anew.")),
        (
            "after_uncached",
            _("Expected: with cache_results=False, the visit after its end starts."),
        ),
        ("after_not_sent", _("Expected: a task that could not be sent leaves the address free.")),
    ):
        expect(
            told[case]["sent"] == 1,
            what,
            seen=[told["not_sent"], told[case]] if case == "after_not_sent" else told[case],
            look=_("Who opens the lock before the lease is over, and when?"),
        )


@criterion(_("While the result is kept, no visit starts anything"), file=MODULE, timeout=240)
def test_result_is_kept(worlds):
    told = worlds.once(worked)
    expect(
        all(each["sent"] == 0 for each in told["after_success"]) and all(told["results"]),
        _("Expected: each task of the race ran once, and its address gives the result."),
        seen=[told["after_success"][0], told["results"][0]],
        look=_("What is asked first, the result or the lock?"),
    )


@criterion(_("Only the holder of a lock opens it"), file=MODULE, timeout=240)
def test_only_the_holder_releases(worlds):
    held, late = (worlds.once(worked)[name] for name in ("held", "late"))
    for case, what in (
        (
            "begun",
            _("Expected: while a task of begin_process waits, a visit to its address starts none."),
        ),
        (
            "later",
            _(
                "Expected: with PROCESS_LEASE={seconds}, a visit ten minutes later starts nothing.",
                seconds=LONG,
            ),
        ),
    ):
        expect(
            held[case]["sent"] == 0,
            what,
            seen=held[case],
            look=_("Whose is the lock of this address now, and until when?"),
        )
    expect(
        late["restarted"] == 1,
        _("Expected: once the lease is over, one visit starts the task anew."),
        seen=late,
        look=_("Does the lock have an expiry, from PROCESS_LEASE?"),
    )
    expect(
        late["ended"] and late["again"]["sent"] == 0,
        _("Expected: the end of a task whose lease was over does not open the lock of the next."),
        seen=late["again"],
        look=_("Whose is the lock that is deleted?"),
    )


@criterion(
    _("After a worker was killed, the lease runs out, and one visit starts"),
    file=MODULE,
    timeout=240,
)
def test_killed_worker(worlds):
    told = worlds.once(killed)
    waited = told["after"] is None or told["after"] >= SHORT * 0.9
    expect(
        waited and (told["running"] or told["asked"] > SHORT),
        _("Expected: with PROCESS_LEASE={seconds}, nothing starts for {seconds} s.", seconds=SHORT),
        seen=told,
        look=_("How long is the task believed to run?"),
    )
    expect(
        told["again"] == 1,
        _(
            "Expected: after PROCESS_LEASE={seconds} s, one of the visits starts the task anew.",
            seconds=SHORT,
        ),
        seen=told,
        look=_("Which key outlives the worker, and until when?"),
    )
