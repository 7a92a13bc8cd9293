"""Step 26: a report is made by the worker, one at a time, and read where its place says."""

import csv
import io
import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from atelier.checks import (
    Deadline,
    Gate,
    Response,
    Unmet,
    Web,
    World,
    _,
    create,
    criterion,
    expect,
    expect_status,
    start_web,
    writes_held,
)

REPORTS = "/api/v1/reports"
WHAT = f"POST {REPORTS}"
COLUMNS = ("id", "name", "description")
AT_ONCE = 2.0  # seconds; nothing in the request takes time but Redis and the database
ENDED_WITHIN = 15
ON_ITS_WAY = (200, 202)
AT_THE_SAME_TIME = 4
IN_ORDER = 180  # seconds: each of the last criteria waits for those before it
PRODUCTS = (
    {"name": 'Cap, "large"', "description": "red, blue\nand green"},
    {"name": "Été à Nîmes, 5 €", "description": None},
    {"name": "two\nlines", "description": 'a "quoted" word'},
    {"name": "from a form", "description": "one\r\ntwo"},
    {"name": "semicolon; tab\t, 'apostrophe'", "description": ""},
)


READS_PRODUCTS = r"\s*SELECT\b.*\bproducts?\b"


class Servers(NamedTuple):
    """Two web servers with one Redis and one database, and not one disk."""

    world: World
    web: Web
    away: Web
    products: list
    gate: Gate  # before the products, in the worker


def servers(worlds):
    world, elsewhere = worlds.shared(), worlds.new(redis=False)
    gate = Gate(world, READS_PRODUCTS, seconds=60)
    world.env["DATABASE_URL"] = f"sqlite:///{world.home / 'check.db'}"
    shared = {*world.replaced, "DATABASE_URL"}
    elsewhere.env.update({name: world.env[name] for name in shared})
    with ThreadPoolExecutor(3) as pool:
        here, there = pool.submit(start_web, world), pool.submit(start_web, elsewhere)
        world.migrate()
        web, away = here.result(), there.result()
    away.get("/")  # what the first request imports is imported
    products = [create(web, **fields) for fields in PRODUCTS]
    return Servers(world, web, away, products, gate)


def post(web):
    return web.request("POST", REPORTS, seconds=30)


def fields(response):
    """The object in a JSON answer; an empty one when it holds none."""
    found = response.json()
    return found if isinstance(found, dict) else {}


def place(response):
    """The path that Location leads to, whether it has the name of a host or not."""
    found = urlsplit(response.location or "")
    return found.path + (f"?{found.query}" if found.query else "")


def accepted(response, web):
    """The place of the report, of an answer that must be a 202. Raises NotYet."""
    expect_status(response, 202, WHAT, web)
    expect(
        response.location,
        _("Expected: the answer to POST has a header Location."),
        seen=_("{status}, without Location", status=response.status),
        look=_("What comes third in the return of the route?"),
    )
    return place(response)


class Asked(NamedTuple):
    """What came of POST while no worker took anything from the queue."""

    at_once: list[Response]
    messages: list  # those that they left
    first: Response
    second: Response  # from the other web server
    early: Response  # GET on the place of the first


def ask(worlds):
    """Ask for reports: four at the same time, then one after the other."""
    world, web, away, *_more = worlds.once(servers)
    before = {message.id for message in world.queue.waiting()}
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        with writes_held(world.sqlite_database()):
            sent = [pool.submit(post, (web, away)[n % 2]) for n in range(AT_THE_SAME_TIME)]
            time.sleep(1)  # who looks first has looked: nothing tells when
        at_once = [each.result() for each in sent]
    first, second = post(web), post(away)
    messages = [each for each in world.queue.waiting() if each.id not in before]
    early = web.get(place(first) if first.location else REPORTS)
    return Asked(at_once, messages, first, second, early)


def over(response):
    """Whether a report has come, or will not come any more."""
    return not (response.status in ON_ITS_WAY and "state" in fields(response)) or (
        fields(response)["state"] == "FAILURE"
    )


def wait_for_end(web, path):
    """GET `path` until the report has ended; what came last when it does not."""
    deadline = Deadline(ENDED_WITHIN)
    while not over(found := web.get(path)) and not deadline.over:
        time.sleep(0.05)
    return found


def made(worlds):
    """GET on the place of the first report, of both servers, once the worker has made it."""
    world, web, away, *_more = worlds.once(servers)
    worker = world.resting_worker
    path = accepted(worlds.once(ask).first, web)
    worker.begin()
    return wait_for_end(web, path), away.get(path), worker


def rows_of(response):
    """The rows of a CSV file with a header."""
    text = response.body.decode("utf-8-sig", "replace")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def expect_file(response, what, worker):
    told = f"{response.status} {response.content_type}: {response.text[:300]}"
    expect(
        response.status == 200 and response.content_type.startswith("text/csv"),
        what,
        seen=f"{told}\n{worker.last_log()}",
        look=_("Where does the task put the text, and does the route find it there?"),
    )


def later(worlds):
    """A POST once the first report is there and a product has been added."""
    web = worlds.once(servers).web
    found, _elsewhere, worker = worlds.once(made)
    expect_file(found, _("Expected: once the worker has made the report, GET gives it."), worker)
    product = create(web, name=f"product {secrets.token_hex(4)}")
    answer = post(web)
    return answer, product, wait_for_end(web, accepted(answer, web)), worker


def table_of_products(connection):
    """The name of the table, found by what it holds."""
    named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (name,) in named:
        columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        if "product" in name.lower() and {"id", "name"} <= columns:
            return name
    return "products"


def while_made(worlds):
    """A report that the worker has begun and cannot end yet, and a POST in the meantime."""
    _world, web, away, _products, gate = worlds.once(servers)
    with suppress(Unmet):  # told by another criterion
        worlds.once(later)
    gate.close()
    try:
        path = accepted(post(web), web)
        begun = gate.wait_for(1, ENDED_WITHIN)
        second = post(away)
    finally:
        gate.open()
    wait_for_end(web, path)
    return begun, path, second


@contextmanager
def products_hidden(world):
    """While this is open, the database has no products: whoever reads them gets an error."""
    with closing(sqlite3.connect(world.sqlite_database(), timeout=20)) as connection:
        name = table_of_products(connection)
        connection.execute(f'ALTER TABLE "{name}" RENAME TO hidden')
        try:
            yield
        finally:
            connection.execute(f'ALTER TABLE hidden RENAME TO "{name}"')


def failed(worlds):
    """What becomes of a report that cannot be made, and of the one asked for after it."""
    world, web, *_more = worlds.once(servers)
    with suppress(Unmet):  # told by another criterion; it needs the products
        worlds.once(while_made)
    accepted(worlds.once(ask).first, web)
    with products_hidden(world):
        answer = post(web)
        found = wait_for_end(web, accepted(answer, web))
    again = post(web)
    return answer, found, again, wait_for_end(web, accepted(again, web))


def of_nothing(worlds):
    """A report of a shop without products."""
    web = worlds.once(servers).web
    with suppress(Unmet):
        worlds.once(failed)
    for product in web.get("/api/v1/products").json():
        web.request("DELETE", f"/api/v1/products/{product['id']}")
    answer = post(web)
    return wait_for_end(web, accepted(answer, web))


def without_redis(worlds):
    """A POST while Redis is stopped, the one after it, and what then waits."""
    world, web, *_more = worlds.once(servers)
    with suppress(Unmet):
        worlds.once(of_nothing)
    accepted(worlds.once(ask).first, web)
    world.resting_worker.stop()
    world.redis_server.stop()
    refused = post(web)
    world.redis_server.start()
    answer = post(web)
    return refused, answer, world.queue.wait_for_messages(1, Deadline(2))


@criterion(_("POST answers 202 at once, with a Location"), file="views/reports.py")
def test_post_is_accepted(worlds):
    web = worlds.once(servers).web
    seen = worlds.once(ask)
    for answer in (seen.first, seen.second):
        accepted(answer, web)
    seconds = min(seen.first.seconds, seen.second.seconds)
    expect(
        seconds < AT_ONCE,
        _("Expected: the answer comes at once; the work is for the worker."),
        seen=_("{seconds:.2f} s", seconds=seconds),
        look=_("Which line of the route waits for the result?"),
    )


@criterion(_("As long as no worker has made it, GET gives its state"), file="views/reports.py")
def test_state_comes_first(worlds):
    web = worlds.once(servers).web
    seen = worlds.once(ask)
    accepted(seen.first, web)
    expect(
        seen.early.status in ON_ITS_WAY and "state" in fields(seen.early),
        _("Expected: with no worker, GET on Location answers a JSON object with a state."),
        seen=f"{seen.early.status} {seen.early.content_type}: {seen.early.text[:300]}",
        look=_("Who makes the report: the route, or the task? And what says how far it is?"),
    )


@criterion(_("A second POST while one runs gives the same one"), file="views/reports.py")
def test_second_post_gives_the_same(worlds):
    web = worlds.once(servers).web
    seen = worlds.once(ask)
    places = [accepted(answer, web) for answer in (seen.first, seen.second)]
    expect(
        places[0] == places[1],
        _("Expected: the second POST has the Location of the first, from another web server too."),
        seen=places,
        look=_("Where is it kept that a report runs, and can another process read it there?"),
    )


@criterion(_("Several POST at the same moment start one report"), file="views/reports.py")
def test_post_at_the_same_moment(worlds):
    web = worlds.once(servers).web
    seen = worlds.once(ask)
    places = [accepted(answer, web) for answer in (*seen.at_once, seen.first)]
    expect(
        len(set(places)) == 1,
        _("Expected: {count} POST at once have the same Location.", count=AT_THE_SAME_TIME),
        seen=places,
        look=_("Between the look whether one runs and the start of one: what may happen there?"),
    )
    expect(
        len(seen.messages) == 1,
        _("Expected: one message for the worker."),
        seen=[f"{message.task} {message.id}" for message in seen.messages],
        look=_("Which of these requests may enqueue the task?"),
    )


@criterion(_("The worker's report is a CSV file with each product"), file="reports.py")
def test_file_holds_the_products(worlds):
    products = worlds.once(servers).products
    found, _elsewhere, worker = worlds.once(made)
    expect_file(
        found, _("Expected: once the worker has made the report, GET gives it as text/csv."), worker
    )
    rows = rows_of(found)
    expect(
        rows and set(COLUMNS) <= set(rows[0]),
        _("Expected: the first line of the file names the columns {names}.", names=COLUMNS),
        seen=found.text.partition("\n")[0][:300],
        look=_("What is written before the products?"),
    )
    told = [{name: row.get(name) for name in COLUMNS} for row in rows]
    for product in products:
        wanted = {name: "" if product[name] is None else str(product[name]) for name in COLUMNS}
        expect(
            wanted in told,
            _("Expected: read by a program, the file has a row {row}.", row=wanted),
            seen=found.text[:600],
            look=_("Who puts the commas, the quotes and the ends of the lines: you, or csv?"),
        )


@criterion(_("The file can be had from another machine than the worker's"), file="reports.py")
def test_file_is_on_no_disk(worlds):
    found, elsewhere, worker = worlds.once(made)
    expect_file(found, _("Expected: once the worker has made the report, GET gives it."), worker)
    expect(
        elsewhere.status == 200 and elsewhere.body == found.body,
        _("Expected: a web server in another folder, as on another machine, gives the same file."),
        seen=f"{elsewhere.status} {elsewhere.content_type}: {elsewhere.text[:300]}",
        look=_("Which of the places where the worker can write can every web server read?"),
    )


@criterion(
    _("A POST after the report is there starts a new one"),
    file="views/reports.py",
    timeout=IN_ORDER,
)
def test_later_post_is_a_new_one(worlds):
    first = place(worlds.once(ask).first)
    answer, product, found, worker = worlds.once(later)
    expect(
        place(answer) != first,
        _("Expected: once a report has ended, the next POST has another Location."),
        seen=place(answer),
        look=_("Who says that a report does not run any more, and when?"),
    )
    expect_file(found, _("Expected: the worker makes the new report as well."), worker)
    expect(
        product["name"] in [row.get("name") for row in rows_of(found)],
        _("Expected: a product that was added in between is in the new report."),
        seen=found.text[-600:],
        look=_("When are the products read?"),
    )


@criterion(_("A POST while the report is being made gives the same one"), timeout=IN_ORDER)
def test_post_while_it_is_made(worlds):
    begun, first, second = worlds.once(while_made)
    again = accepted(second, worlds.once(servers).web)
    expect(
        not begun or again == first,
        _("Expected: while the worker makes the report, POST gives the same Location."),
        seen=[first, again],
        look=_("From which point of the task on may another report begin?"),
    )


@criterion(_("A report that cannot be made says so, and does not block the next"), timeout=IN_ORDER)
def test_failed_report(worlds):
    answer, found, again, remade = worlds.once(failed)
    expect(
        found.status < 500 and fields(found).get("state") == "FAILURE",
        _("Expected: after an error in the task, GET gives the state FAILURE, as JSON."),
        seen=f"{found.status} {found.text[:300]}",
        look=_("Which line runs when the products cannot be read?"),
    )
    expect(
        place(again) != place(answer),
        _("Expected: after a report that raised an error, the next POST starts a new one."),
        seen=place(again),
        look=_("After an error, who says that this report does not run any more?"),
    )
    expect(
        remade.content_type.startswith("text/csv"),
        _("Expected: the new one is made, now that the products can be read again."),
        seen=f"{remade.status} {remade.text[:300]}",
        look=_("Which line runs when the products cannot be read?"),
    )


@criterion(_("Without products, the file has its first line"), timeout=IN_ORDER)
def test_no_products(worlds):
    found = worlds.once(of_nothing)
    worker = worlds.once(servers).world.resting_worker
    expect_file(found, _("Expected: without products, GET gives a file too."), worker)
    names = next(csv.reader(io.StringIO(found.body.decode("utf-8-sig"), newline="")), [])
    expect(
        set(COLUMNS) <= set(names),
        _("Expected: the first line names the columns {names}.", names=COLUMNS),
        seen=found.text[:300],
        look=_("Where do the names of the columns come from?"),
    )


@criterion(
    _("With Redis stopped, POST answers 503, and the next one starts a report"), timeout=IN_ORDER
)
def test_post_without_redis(worlds):
    refused, answer, waiting = worlds.once(without_redis)
    expect_status(refused, 503, _("POST, with Redis stopped,"))
    expect(
        answer.status == 202 and waiting,
        _("Expected: with Redis back, POST answers 202, and a message waits."),
        seen=f"{answer.status} {answer.text[:300]}\n{len(waiting)}",
        look=_("A report without a message: does the program take it for one that runs?"),
    )


@criterion(_("A report that never was is a 404"), file="views/reports.py")
def test_unknown_report(worlds):
    web = worlds.once(servers).web
    accepted(worlds.once(ask).first, web)
    for unknown in (uuid4(), 10**6 + secrets.randbelow(10**6), "anything"):
        answer = web.get(f"{REPORTS}/{unknown}")
        expect_status(answer, 404, f"GET {REPORTS}/{unknown}", web)
