"""Step 27: a ledger in Redis, which a view writes and a task reads, by one client."""

from atelier.checks import LedgerChecks, _, criterion, expect, start_web, start_worker

LONG = 90  # seconds, for what starts a worker and waits for its tasks
ledger = LedgerChecks(start_web, start_worker)
VIEW = "views/ledger.py"

PASSWORD = "letmein"

# What one Python of the project tells of apps that are given different addresses, and of two
# apps that it has at the same time: whose client is redis_client?
ADDRESSES = """
import os
from factory import create_app

def answers(app, *paths):
    client = app.test_client()
    found = [client.get(path) for path in paths]
    return [[answer.status_code, answer.text[:200]] for answer in found]

def with_address(url):
    os.environ["REDIS_URL"] = url
    return create_app()

attempt(lambda: answers(with_address(tls), "/append?value=1", "/total?delay=0"))
asked = tls + "?ssl_cert_reqs=CERT_NONE"
attempt(lambda: answers(with_address(asked), "/append?value=2", "/total?delay=0"))
os.environ.pop("REDIS_URL")
attempt(lambda: answers(create_app(), "/", "/append?value=3", "/total?delay=0", "/result?id=x"))

def pushed(url, value):
    from store import redis_client
    app = create_app({"REDIS_URL": url})
    with app.app_context():
        redis_client.rpush("whose", value)
    return app

def look(app):
    from store import redis_client
    with app.app_context():
        return redis_client.lrange("whose", 0, -1)

def two_clients():
    apps = [pushed(url, number) for number, url in enumerate(urls)]
    return [look(app) for app in apps]

attempt(two_clients)
"""


def with_addresses(worlds):
    """What the routes answer by TLS, twice, then without an address; and two apps' clients."""
    world = worlds.new()
    elsewhere = worlds.new().redis
    closed = worlds.new().redis
    closed.client().config_set("requirepass", PASSWORD)
    urls = [
        world.redis.url,
        elsewhere.url,
        elsewhere.url.removesuffix("/0") + "/3",
        closed.url.replace("://", f"://:{PASSWORD}@"),
    ]
    return world.ask(ADDRESSES, tls=world.redis_over_tls, urls=urls)


def expect_written_over_tls(worlds, number, address):
    appended, total = worlds.once(with_addresses).answer(40, number=number)
    expect(
        appended[0] == 200 and appended[1].strip() == "Done.",
        _("Expected: with REDIS_URL={address}, /append answers Done.", address=address),
        seen=f"{appended[0]} {appended[1]}",
        look=_("What does redis-py call what Celery calls CERT_NONE?"),
    )
    expect(
        total[0] == 200,
        _("Expected: with REDIS_URL={address}, /total starts a task.", address=address),
        seen=f"{total[0]} {total[1]}",
        look=_("Which address does Celery get?"),
    )


@criterion(_("/append?value=10 pushes to a list in Redis and answers Done."), file=VIEW)
def test_append_answers_done(worlds):
    ledger.append_answers_done(worlds)


@criterion(_("Without an integer, /append answers 400 with a sentence"), file=VIEW)
def test_append_refuses(worlds):
    ledger.append_refuses(worlds)


@criterion(_("/total?delay=5 answers the id of a task at once"), file=VIEW)
def test_total_answers_an_id(worlds):
    ledger.total_answers_an_id(worlds)


@criterion(_("With a delay that is no number of seconds, /total answers 400"), file=VIEW)
def test_total_refuses(worlds):
    ledger.total_refuses(worlds)


@criterion(_("Until the task has ended, /result answers Pending..."), file=VIEW, timeout=LONG)
def test_result_is_pending(worlds):
    ledger.result_is_pending(worlds)


@criterion(_("Once it has ended, /result answers the sum"), file="ledger.py", timeout=LONG)
def test_result_is_the_sum(worlds):
    ledger.result_is_the_sum(worlds)


@criterion(_("Without an id, /result answers 400"), file=VIEW)
def test_result_wants_an_id(worlds):
    ledger.result_wants_an_id(worlds)


@criterion(_("/result says so when the task raised an error"), file=VIEW, timeout=LONG)
def test_failed_task_is_told(worlds):
    ledger.failed_task_is_told(worlds)


@criterion(_("With Redis stopped, the three routes answer 503 soon"), file=VIEW, timeout=LONG)
def test_redis_stopped(worlds):
    ledger.redis_stopped(worlds)


@criterion(
    _("Requests share their connections to Redis, and so do tasks"), file="store.py", timeout=LONG
)
def test_connections_are_pooled(worlds):
    ledger.connections_are_pooled(worlds)


@criterion(_("Two processes of a worker share no connection"), file="store.py", timeout=LONG)
def test_forks_share_no_connection(worlds):
    ledger.forks_share_no_connection(worlds)


@criterion(_("redis_client is that of the current app"), file="store.py")
def test_client_is_that_of_the_app(worlds):
    found = worlds.once(with_addresses).answer(40, number=4)
    expect(
        found == [["0"], ["1"], ["2"], ["3"]],
        _("Expected: in the context of two apps, redis_client reaches the Redis of each."),
        seen=found,
        look=_("Where does redis_client look for the client, and when?"),
    )


@criterion(_("The ledger works over TLS, as on Heroku"), file="store.py")
def test_ledger_over_tls(worlds):
    expect_written_over_tls(worlds, 1, "rediss://...")
    expect_written_over_tls(worlds, 2, "rediss://...?ssl_cert_reqs=CERT_NONE")


@criterion(_("Without REDIS_URL, the ledger answers 503 and the other pages answer"), file=VIEW)
def test_ledger_without_address(worlds):
    home, *found = worlds.once(with_addresses).answer(40, number=3)
    expect(
        home[0] == 200,
        _("Expected: {path} answers 200 without REDIS_URL.", path="/"),
        seen=f"{home[0]} {home[1]}",
        look=_("What does this page need a broker for?"),
    )
    expect(
        all(status == 503 for status, _text in found),
        _("Expected: /append, /total and /result answer 503 without REDIS_URL."),
        seen=[f"{status} {text}" for status, text in found],
        look=_("What is the client, where there is no address to make one from?"),
    )
