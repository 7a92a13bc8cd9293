"""Step 20: create_app makes an application, as many as wanted, each with what is its own."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from atelier.checks import (
    PRODUCTS,
    Deadline,
    OwnTests,
    Response,
    Web,
    _,
    criterion,
    expect,
    run_own_tests,
    start_web,
)

ANSWER_WITHIN = 8  # seconds
BROKER = "redis://localhost:1/7"  # nothing is sent there
NOTICES = "/api/v1/notices"
COUNTS = (2, 5)  # products in the databases of two applications

# In a Python of its own, where there is no wsgi.py to import; it counts the applications made.
READ_ALONE = """
import importlib
import sys
import flask

made = []
plain = flask.Flask.__init__

def count(app, *args, **kwargs):
    made.append(app)
    plain(app, *args, **kwargs)

flask.Flask.__init__ = count
sys.modules["wsgi"] = None
try:
    importlib.import_module(module)
except ModuleNotFoundError as error:
    if error.name != "wsgi":
        raise
    tell({"refused": str(error), "made": len(made)})
else:
    tell({"refused": None, "made": len(made)})
"""

# What create_app makes of a mapping, and two applications side by side.
MAKE_APPS = """
import flask
from factory import create_app

def kinds():
    one, other = create_app(), create_app()
    return [isinstance(one, flask.Flask), isinstance(other, flask.Flask), one is not other]

def broker_of(app):
    celery = app.extensions.get("celery")
    return celery and celery.conf.broker_write_url

def address_of(app):
    with app.app_context():
        return app.extensions["sqlalchemy"].engine.url.render_as_string(hide_password=False)

def addresses():
    database = {"SQLALCHEMY_DATABASE_URI": urls[0]}
    given = create_app({**database, "CELERY_BROKER_URL": broker, "A_SETTING": "given"})
    setting, default = given.config.get("A_SETTING"), address_of(create_app())
    return [address_of(given), setting, default, broker_of(given)]

def fill(app, name, count):
    from models import Product, db
    with app.app_context():
        db.create_all()
        db.session.add_all(Product(name=name) for number in range(count))
        db.session.commit()

def read(app):
    product = app.test_client().get("/api/v1/products/1").get_json()
    return product.get("name") if isinstance(product, dict) else product

apps = []

def names():
    apps.extend(create_app({"SQLALCHEMY_DATABASE_URI": url}) for url in urls)
    for app, name, count in zip(apps, given_names, counts):
        fill(app, name, count)
    return [read(app) for app in apps]

def counted():
    found = [app.extensions.get("celery") for app in apps]
    if None in found:
        return None
    return [celery.tasks["tasks.count_products"]() for celery in found]

for question in (kinds, addresses, names, counted):
    attempt(question)
"""

# Applications are made as the tests ask, but all of them open the same database.
ONE_DATABASE = """
import tempfile
from flask_sqlalchemy import SQLAlchemy

plain = SQLAlchemy.init_app
folder = tempfile.TemporaryDirectory()

def init_app(self, app):
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder.name}/one.db"
    plain(self, app)

SQLAlchemy.init_app = init_app
"""


class Asked(NamedTuple):
    """A Python that answers several questions, and what it was given."""

    question: object
    urls: list
    names: list


def make_apps(worlds):
    world = worlds.shared()
    world.source.text("factory.py")
    urls = [f"sqlite:///{world.home}/{secrets.token_hex(4)}.db" for _count in COUNTS]
    names = [f"product {secrets.token_hex(4)}" for _count in COUNTS]
    question = world.ask(MAKE_APPS, urls=urls, broker=BROKER, given_names=names, counts=COUNTS)
    return Asked(question, urls, names)


@criterion(_("Each call of create_app makes a new application"), file="factory.py")
def test_each_call_makes_an_app(worlds):
    first, second, differ = worlds.once(make_apps).question.answer(20)
    expect(
        first and second,
        _("Expected: create_app() returns a Flask application."),
        seen=_("It returns something else."),
        look=_("Does the function end with a return?"),
    )
    expect(
        differ,
        _("Expected: two calls of create_app() give two applications."),
        seen=_("They give the same one."),
        look=_("Which line makes the application: one in create_app, or one outside of it?"),
    )


@criterion(_("What create_app is given wins over Config"), file="factory.py")
def test_given_settings_win(worlds):
    asked = worlds.once(make_apps)
    address, setting, default, broker = asked.question.answer(20, number=2)
    expect(
        setting == "given",
        _("Expected: a setting given to create_app is in app.config."),
        seen=_("A_SETTING is {seen}.", seen=setting),
        look=_("What does create_app do with the mapping that it is given?"),
    )
    expect(
        address == asked.urls[0],
        _("Expected: with another SQLALCHEMY_DATABASE_URI, the application opens that database."),
        seen=_("given {given}, opened {seen}", given=asked.urls[0], seen=address),
        look=_("In which order do Config, the mapping and db.init_app come?"),
    )
    expect(
        broker in (None, BROKER),  # another criterion tells of an application without a Celery
        _("Expected: with another CELERY_BROKER_URL, its Celery sends its messages there."),
        seen=_("given {given}, its Celery has {seen}", given=BROKER, seen=broker),
        look=_("Where does make_celery read the address, and is the mapping there by then?"),
    )
    expect(
        default != asked.urls[0],
        _("Expected: without a mapping, the settings are those of Config."),
        seen=default,
        look=_("Where is what was given to an earlier call kept?"),
    )


@criterion(_("Two applications live side by side, each with its database"), file="factory.py")
def test_two_databases(worlds):
    asked = worlds.once(make_apps)
    found = asked.question.answer(20, number=3)
    expect(
        found == asked.names,
        _("Expected: product 1 of each application is the one that its database holds."),
        seen=_("in the databases {given}, answered {found}", given=asked.names, found=found),
        look=_("Is every setting given to the application before db.init_app?"),
    )


@criterion(_("Each application has its Celery, which runs tasks in it"), file="tasks.py")
def test_each_app_has_its_celery(worlds):
    asked = worlds.once(make_apps)
    asked.question.answer(20, number=3)  # where no products were put, none can be counted
    found = asked.question.answer(20, number=4)
    expect(
        found is not None,
        _('Expected: app.extensions["celery"] is the Celery of this application.'),
        seen=_("It is not there."),
        look=_("Does create_app call make_celery, and does make_celery keep what it makes?"),
    )
    expect(
        found == list(COUNTS),
        _(
            "Expected: with {first} products in one database and {second} in the other, "
            "count_products gives these numbers.",
            first=COUNTS[0],
            second=COUNTS[1],
        ),
        seen=found,
        look=_("Whose context does the task class open: that of the app given to make_celery?"),
    )


@criterion(_("tasks.py and factory.py can be read without an application"))
def test_reading_makes_no_app(worlds):
    world = worlds.shared()
    world.source.text("factory.py")
    asked = {name: world.ask(READ_ALONE, module=name) for name in ("tasks", "factory")}
    for name, question in asked.items():
        answer = question.answer(20)
        expect(
            answer["refused"] is None,
            _("Expected: Python can read {module} where there is no wsgi.py.", module=name),
            seen=answer["refused"],
            look=_("Which file imports wsgi at its top?"),
        )
        expect(
            answer["made"] == 0,
            _("Expected: importing {module} makes no application.", module=name),
            seen=_("It makes {count}.", count=answer["made"]),
            look=_("Which line calls create_app, or Flask, outside of every function?"),
        )


class Seen(NamedTuple):
    """What the web server answered, and what it left in the queue."""

    web: Web
    created: list[Response]
    asked: list  # what was asked, the answer, and the status that it must have
    messages: list


def use_the_server(worlds):
    """Start `flask run`, create two products, read the list twice and the other pages once."""
    world = worlds.shared()
    with ThreadPoolExecutor(1) as pool:  # two Pythons start side by side
        migrated = pool.submit(world.migrate)
        web = start_web(world)
        migrated.result()
    created = [
        web.request(
            "POST",
            PRODUCTS,
            data={"name": f"product {secrets.token_hex(4)}"},
            seconds=ANSWER_WITHIN,
        )
        for _number in range(2)
    ]
    asked = [(f"POST {PRODUCTS}", each, 201) for each in created]
    for path in (PRODUCTS, PRODUCTS, "/", NOTICES):
        asked.append((f"GET {path}", web.get(path, ANSWER_WITHIN), 200))
    messages = world.queue.wait_for_messages(4, Deadline(2))
    return Seen(web, created, asked, messages)


def expect_products(seen):
    """Expect each route to answer; return the ids of the products created."""
    for what, response, wanted in seen.asked:
        told = seen.web.last_traceback() if response.status == 500 else None
        expect(
            response.status == wanted,
            _("Expected: {what} answers {wanted}, as before.", what=what, wanted=wanted),
            seen=f"{response.status} {told or response.text[:300]}",
            look=_("Does wsgi.py make its app with create_app, which registers every blueprint?"),
        )
    return [response.json()["id"] for response in seen.created]


@criterion(_("The web server leaves its messages at the address of REDIS_URL"), file="tasks.py")
def test_messages_are_left(worlds):
    seen = worlds.once(use_the_server)
    ids = expect_products(seen)
    wanted = [
        *(f"tasks.write_notice({number})" for number in ids),
        *["tasks.very_slow_add(1, 2)"] * 2,
    ]
    found = [f"{each.task}({', '.join(map(str, each.args))})" for each in seen.messages]
    expect(
        found == wanted,
        _("Expected: after two POST and two GET of the list, four messages wait in Redis."),
        seen=found or seen.web.log[-500:],
        look=_("Which Celery does a shared task find in the thread of a request?"),
    )


@criterion(_("The worker of tasks.celery does the work, in the application"), file="tasks.py")
def test_worker_does_the_work(worlds):
    world = worlds.shared()
    worker = world.resting_worker  # it starts while the requests are made
    wanted = {"tasks.very_slow_add", "tasks.count_products", "tasks.write_notice"}
    expect(
        wanted <= set(worker.registered_tasks()),
        _("Expected: the tasks of tasks.py under [tasks] when the worker starts."),
        seen=worker.registered_tasks(),
        look=_("Do the tasks have a decorator, and which Celery is tasks.celery?"),
    )
    ids = expect_products(worlds.once(use_the_server))
    asked = world.queue.put("tasks.count_products")
    worker.begin()
    result = world.queue.wait_for_result(asked, Deadline(12))
    expect(
        result is not None and result.state == "SUCCESS" and result.value == len(ids),
        _(
            "Expected: with {count} products in the database, the task gives {count}.",
            count=len(ids),
        ),
        seen=f"{result.state}: {result.value}" if result else worker.last_log(),
        look=_("What does the worker's log say? Does the task run inside app.app_context()?"),
    )


def own_tests(worlds) -> OwnTests:
    return run_own_tests(worlds.new())  # a database that no server uses


@criterion(_("Your own tests pass"), file="test_products.py")
def test_own_tests_pass(worlds):
    run = worlds.once(own_tests)
    expect(
        run.passed,
        _("Expected: pytest runs your tests and all of them pass."),
        seen=run.told or _("It finds none."),
        look=_("What does the line that begins with E say?"),
    )


@criterion(_("Your own tests notice two applications that share a database"))
def test_own_tests_notice(worlds):
    worlds.shared().source.text("factory.py")
    run = worlds.once(own_tests)
    expect(
        run.passed,
        _("Expected: pytest runs your tests and all of them pass."),
        seen=run.told or _("It finds none."),
        look=_("What does the line that begins with E say?"),
    )
    shared = run_own_tests(worlds.new(), before=ONE_DATABASE)
    expect(
        not shared.passed,
        _("Expected: a test does not pass when all applications open the same database."),
        seen=shared.told,
        look=_("Does one of your tests make two applications, and compare what they answer?"),
    )
