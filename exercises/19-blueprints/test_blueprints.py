"""Step 19: the views stand in blueprints, one file a subject, and no client notices."""

import json
import re
import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    Response,
    Web,
    _,
    criterion,
    expect,
    expect_status,
    holds,
    start_web,
)

NOTICES = "/api/v1/notices"
ANSWER_WITHIN = 8  # seconds
ACCESS_LOG = re.compile(r'"[A-Z]+ \S+ HTTP/1\.[01]" \d{3}')

VIEWS = """
import inspect
from wsgi import app

def module_of(view):
    return getattr(view, "view_class", inspect.unwrap(view)).__module__

# What `flask routes` lists, but for the static files: they are Flask's own.
tell([
    {
        "path": rule.rule,
        "endpoint": rule.endpoint,
        "in_blueprint": rule.endpoint.rpartition(".")[0] in app.blueprints,
        "module": module_of(app.view_functions[rule.endpoint]),
    }
    for rule in app.url_map.iter_rules()
    if rule.endpoint.rpartition(".")[2] != "static"
])
"""

# Each file is read in a Python of its own, where there is no wsgi.py to import.
READ_ALONE = """
import importlib
import sys

sys.modules["wsgi"] = None
try:
    importlib.import_module(module)
except ModuleNotFoundError as error:
    if error.name != "wsgi":
        raise
    tell(str(error))
else:
    tell(None)
"""


def views(worlds):
    """The views that the application knows, with the module of each."""
    return worlds.shared().python(VIEWS)


def modules_at(found, path):
    return {view["module"] for view in found if re.fullmatch(path, view["path"])}


@criterion(_("Each view belongs to a blueprint"), file="wsgi.py")
def test_views_belong_to_blueprints(worlds):
    found = worlds.once(views)
    alone = [f"{view['endpoint']}: {view['path']}" for view in found if not view["in_blueprint"]]
    expect(
        found and not alone,
        _("Expected: flask routes shows a blueprint before the name of each view."),
        seen="\n".join(alone) or _("The application has no view."),
        look=_("Does the decorator of this view begin with the name of a blueprint, or with app?"),
    )


@criterion(_("Products, notices and the greeting each have a file of their own"))
def test_one_file_a_subject(worlds):
    found = worlds.once(views)
    subjects = {
        "/": modules_at(found, "/"),
        PRODUCTS: modules_at(found, rf"{PRODUCTS}(/.*)?"),
        NOTICES: modules_at(found, NOTICES),
    }
    told = "\n".join(f"{path}: {', '.join(sorted(names))}" for path, names in subjects.items())
    all_names = [name for names in subjects.values() for name in names]
    expect(
        all(subjects.values()) and len(all_names) == len(set(all_names)),
        _("Expected: the views of two subjects do not stand in the same file."),
        seen=told,
        look=_("Which file does each view stand in, and what is it about?"),
    )
    expect(
        "wsgi" not in all_names,
        _("Expected: no view stands in wsgi.py, which only makes the application."),
        seen=told,
        look=_("Which file does each view stand in, and what is it about?"),
    )


@criterion(_("The files of the views can be read without the application"))
def test_views_know_no_application(worlds):
    world = worlds.shared()
    modules = sorted({view["module"] for view in worlds.once(views)} - {"wsgi"})
    expect(
        modules,
        _("Expected: the views stand in files of their own."),
        seen=_("All of them are in wsgi.py."),
        look=_("Which file does each view stand in, and what is it about?"),
    )
    asked = [(module, world.ask(READ_ALONE, module=module)) for module in modules]
    for module, question in asked:
        refused = question.answer(20)
        expect(
            refused is None,
            _("Expected: Python can read {module} where there is no wsgi.py.", module=module),
            seen=refused,
            look=_("In a view, what gives the application that answers the request?"),
        )


class Answers(NamedTuple):
    """What a client was answered, and what it left in the queue."""

    web: Web
    created: Response
    listed: Response
    others: dict  # by what was asked: the answer and the status that it must have
    errors: dict  # the same, for what must be refused
    said: dict  # by what was asked: the answer, and what it must say
    gone: Response  # the product, once it was deleted
    messages: list


def ask_as_a_client(worlds):
    """Use each route, then ask for what must be refused; the first request creates a product."""
    world = worlds.shared()
    with ThreadPoolExecutor(1) as pool:  # two Pythons start side by side
        migrated = pool.submit(world.migrate)
        web = start_web(world)
        migrated.result()
    name = f"product {secrets.token_hex(4)}"
    created = web.request("POST", PRODUCTS, data={"name": name}, seconds=ANSWER_WITHIN)
    listed = web.get(PRODUCTS, ANSWER_WITHIN)
    place = f"{PRODUCTS}/{id_in(created)}"
    notices = write_notice(world, id_in(created))
    others = {
        "GET /": (web.get("/"), 200),
        f"PATCH {place}": (web.request("PATCH", place, data={"description": "new"}), 204),
        f"GET {place}": (web.get(place), 200),
        f"GET {NOTICES}": (web.get(NOTICES), 200),
        f"DELETE {place}": (web.request("DELETE", place), 204),
        "GET /products": (web.get("/products"), 404),
        "GET /notices": (web.get("/notices"), 404),
    }
    gone = web.get(place)
    errors = {
        "GET /nowhere": (web.get("/nowhere"), 404),
        f"GET {PRODUCTS}/987654": (web.get(f"{PRODUCTS}/987654"), 404),
        f"PUT {PRODUCTS}": (web.request("PUT", PRODUCTS, data={}), 405),
        f"POST {PRODUCTS} {{}}": (web.request("POST", PRODUCTS, data={}), 422),
        f"POST {PRODUCTS} name=x": (
            web.request("POST", PRODUCTS, body=b"name=x", content_type="text/plain"),
            415,
        ),
    }
    product = {"id": id_in(created), "name": name}
    said = {
        f"GET {PRODUCTS}": (listed, [product]),
        f"GET {place}": (others[f"GET {place}"][0], {**product, "description": "new"}),
        f"GET {NOTICES}": (others[f"GET {NOTICES}"][0], notices),
    }
    messages = world.queue.wait_for_messages(2, Deadline(3))
    return Answers(web, created, listed, others, errors, said, gone, messages)


def write_notice(world, product):
    """Write a notice as the task does: one row needs no worker. Return what the list must hold."""
    if product is None:
        return []
    text = f"New product: {secrets.token_hex(4)}"
    try:
        with closing(sqlite3.connect(world.sqlite_database())) as database:
            database.execute(
                "INSERT INTO notices (product_id, text) VALUES (?, ?)", (product, text)
            )
            database.commit()
    except sqlite3.Error:
        return []  # a table of another form: the answers are judged, and not this row
    return [{"product_id": product, "text": text}]


def traceback_of(response, web):
    return web.last_traceback() if response.status == 500 else None


def id_in(created):
    """The id of the product in an answer to POST, None when there is none."""
    product = created.json()
    return product.get("id") if isinstance(product, dict) else None


def expect_created(seen):
    """Expect the product that POST gives: other requests need its id."""
    expect_status(seen.created, 201, f"POST {PRODUCTS}", seen.web)
    expect(
        id_in(seen.created) is not None,
        _("Expected: the answer holds the new product with its id."),
        seen=seen.created.text[:300],
        look=_("What does the route return?"),
    )


def expect_answers(asked, web):
    for what, (response, wanted) in asked.items():
        expect(
            response.status == wanted,
            _("Expected: {what} answers {wanted}, as before.", what=what, wanted=wanted),
            seen=f"{response.status} {traceback_of(response, web) or response.text[:300]}",
            look=_("What do url_prefix and the address of the view give together?"),
        )


@criterion(_("Every route answers at its address, as before"), file="wsgi.py")
def test_routes_answer_as_before(worlds):
    seen = worlds.once(ask_as_a_client)
    first = {f"GET {PRODUCTS}": (seen.listed, 200), f"POST {PRODUCTS}": (seen.created, 201)}
    expect_answers(first, seen.web)
    expect_created(seen)  # its id stands in the addresses that follow
    expect_answers(seen.others, seen.web)


def says(found, wanted):
    """Whether an object, or some row of a list, has the fields that it must have, or more."""
    if isinstance(wanted, dict):
        return holds(found, **wanted)
    return isinstance(found, list) and all(any(says(row, each) for row in found) for each in wanted)


@criterion(_("The answers say the same as before"), file="views/products.py")
def test_answers_say_the_same(worlds):
    seen = worlds.once(ask_as_a_client)
    expect_created(seen)
    for what, (response, wanted) in seen.said.items():
        expect(
            says(response.json(), wanted),
            _("Expected: {what} gives {wanted}, as before.", what=what, wanted=json.dumps(wanted)),
            seen=response.text[:300],
            look=_("Which model, which schema and which commit did this view have in wsgi.py?"),
        )
    expect(
        seen.gone.status == 404,
        _("Expected: a product that was deleted is not found any more."),
        seen=f"{seen.gone.status} {seen.gone.text[:300]}",
        look=_("Which model, which schema and which commit did this view have in wsgi.py?"),
    )


@criterion(_("Errors are JSON, also where there is no view"), file="views/errors.py")
def test_errors_are_json(worlds):
    seen = worlds.once(ask_as_a_client)
    for what, (response, wanted) in seen.errors.items():
        expect(
            response.status == wanted and isinstance(response.json(), dict),
            _("Expected: {what} answers {wanted}, with a JSON object.", what=what, wanted=wanted),
            seen=f"{response.status} {response.content_type}: {response.text[:200]}",
            look=_("For which views does each error handler hold?"),
        )


@criterion(_("The list and POST still leave their messages"), file="views/products.py")
def test_messages_are_left(worlds):
    seen = worlds.once(ask_as_a_client)
    expect_created(seen)
    wanted = [f"tasks.write_notice({id_in(seen.created)})", "tasks.very_slow_add(1, 2)"]
    found = [f"{message.task}({', '.join(map(str, message.args))})" for message in seen.messages]
    expect(
        found == wanted,
        _("Expected: one message for the product that was created, then one for the list."),
        seen=found or seen.web.last_traceback() or [],
        look=_("Do the views call enqueue as before?"),
    )


@criterion(_("With Redis stopped, the list answers, and a warning is logged"))
def test_list_without_redis(worlds):
    web = worlds.once(ask_as_a_client).web
    worlds.shared().redis_server.stop()
    before = len(web.log)
    response = web.get(PRODUCTS, ANSWER_WITHIN)
    expect(
        response.status == 200,
        _("Expected: 200 while Redis is stopped."),
        seen=f"{response.status}\n{web.last_traceback() or response.text[:300]}",
        look=_("In a view, what gives the application that answers the request?"),
    )
    printed = web.wait_for_log(f"GET {PRODUCTS} ", 1, before)  # the server's own line comes last
    logged = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    lines = [line for line in logged.splitlines() if line.strip() and not ACCESS_LOG.search(line)]
    expect(
        lines,
        _("Expected: a line in the log that says that the task was not enqueued."),
        seen=logged[-400:],
        look=_("What does the except block do, so that someone learns of it?"),
    )


@criterion(_("The worker starts, and knows the three tasks"), file="tasks.py")
def test_worker_starts(worlds):
    worker = worlds.new().worker  # a world of its own: Redis is stopped in the other
    wanted = {"tasks.very_slow_add", "tasks.count_products", "tasks.write_notice"}
    expect(
        wanted <= set(worker.registered_tasks()),
        _("Expected: the tasks of tasks.py under [tasks] when the worker starts."),
        seen=worker.registered_tasks(),
        look=_("Which file imports which at its top?"),
    )
