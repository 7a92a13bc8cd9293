"""Step 17: the project runs under a host's variables, on PostgreSQL, from what git holds."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

from atelier.checks import (
    INSTALLED_WITHIN,
    PRODUCTS,
    Deadline,
    _,
    criterion,
    deploy,
    expect,
)

NOTICES = "/api/v1/notices"
# Names in which a careless replacement would find "postgres" again.
GIVEN = {
    "username": "postgres",
    "password": "postgres-1",
    "host": "ec2-1.example.org",
    "port": 5432,
    "database": "shop_postgres",
}
ADDRESS = "postgres://{username}:{password}@{host}:{port}/{database}".format(**GIVEN)
SUPPORTED = ("3.11", "3.12", "3.13", "3.14")

READ_ENGINE = """
from models import db
from wsgi import app
with app.app_context():
    url = db.engine.url
names = ("username", "password", "host", "port", "database")
told = {name: getattr(url, name) for name in names}
tell(told | {"backend": url.get_backend_name()})
"""


def engine_under(worlds, address):
    """What the app connects to when DATABASE_URL is `address`; None leaves the variable out."""
    world = worlds.new(platform=True)
    if address is None:
        del world.env["DATABASE_URL"]
    else:
        world.env["DATABASE_URL"] = address
    return world.python(READ_ENGINE)


def pushed(worlds):
    """Pushed to a Heroku with a real PostgreSQL: the answers of web, and what worker does."""
    world = worlds.new(platform=True)
    with ThreadPoolExecutor(1) as pool:
        redis = pool.submit(lambda: world.redis.url)
        app = deploy(world, DATABASE_URL=world.postgres.url, REDIS_URL=redis.result())
        starting = pool.submit(app.worker)
        web = app.web()
        created = web.request("POST", PRODUCTS, data={"name": "lamp é"})
        listed = web.get(PRODUCTS)
        worker = starting.result()
    deadline = Deadline(8)
    while (notices := web.get(NOTICES).json()) in ([], None) and not deadline.over:
        time.sleep(0.05)
    return web, created, listed, notices, worker


@criterion(_("An address that begins with postgres:// is understood"), file="config.py")
def test_postgres_address(worlds):
    seen = engine_under(worlds, ADDRESS)
    expect(
        seen["backend"] == "postgresql" and GIVEN.items() <= seen.items(),
        _("Expected: with DATABASE_URL={url}, the app connects to it.", url=ADDRESS),
        seen=seen,
        look=_("Which part of the address is another for SQLAlchemy? Is only that part replaced?"),
    )


@criterion(_("An address that begins with postgresql:// stays as it is"), file="config.py")
def test_postgresql_address(worlds):
    address = ADDRESS.replace("postgres://", "postgresql://", 1)
    seen = engine_under(worlds, address)
    expect(
        seen["backend"] == "postgresql" and GIVEN.items() <= seen.items(),
        _("Expected: with DATABASE_URL={url}, the app connects to it.", url=address),
        seen=seen,
        look=_("What becomes of an address that is right already?"),
    )


@criterion(_("Without DATABASE_URL the app uses SQLite, as before"), file="config.py")
def test_sqlite_without_the_variable(worlds):
    seen = engine_under(worlds, None)
    expect(
        seen["backend"] == "sqlite" and seen["database"],
        _("Expected: on your own machine, without the variable, the database is a file."),
        seen=seen,
        look=_("Which address does config.py use when the variable is not there?"),
    )


@criterion(_("psycopg is installed, and the Pipfile and its lock name it"), file="Pipfile")
def test_psycopg_is_installed(project):
    packages = project.pipfile().get("packages", {})
    expect(
        "psycopg" in packages and project.interpreter.has("psycopg"),
        _("Expected: psycopg under [packages] in the Pipfile, and in the environment."),
        seen=list(packages),
        look=_('In the project\'s folder, have you run: pipenv install "psycopg[binary]"?'),
    )
    locked = {plain(name) for name in project.locked()}
    missing = [name for name in packages if plain(name) not in locked]
    expect(
        not missing,
        _("Expected: Pipfile.lock has each package of the Pipfile: Heroku installs the lock."),
        seen=_("Not there: {names}", names=", ".join(missing)),
        look=_("In the project's folder, have you run: pipenv lock?"),
    )


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@criterion(
    _("Pushed to a Heroku with PostgreSQL, the three processes work together"),
    file="Procfile",
    timeout=INSTALLED_WITHIN,
)
def test_works_on_postgresql(worlds):
    web, created, listed, notices, worker = worlds.once(pushed)
    expect(
        created.status == 201 and listed.status == 200,
        _("Expected: after the release process, a product can be created and listed."),
        seen=f"{created.status}, {listed.status}\n{web.last_traceback() or created.text[:300]}",
        look=_("Which line of your files needs SQLite?"),
    )
    expect(
        isinstance(notices, list) and notices,
        _("Expected: after a POST to the web process, the worker process writes the notice."),
        seen=worker.last_log(),
        look=_("Does the worker use the same database?"),
    )


@criterion(_(".python-version names a Python that Heroku has"), file=".python-version")
def test_python_version(project):
    lines = project.text(".python-version").split("\n")
    said = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    expect(
        len(said) == 1 and said[0] in SUPPORTED,
        _("Expected: one line, one of {versions}.", versions=", ".join(SUPPORTED)),
        seen="\n".join(said) or _("The file is empty."),
        look=_("Which two numbers does pipenv run python --version begin with?"),
    )


@criterion(_("What Heroku needs is committed: it builds what git holds"))
def test_files_are_committed(project):
    missing = project.not_committed("Procfile", "Pipfile", "Pipfile.lock", ".python-version")
    expect(
        not missing,
        _("Expected: Procfile, Pipfile, Pipfile.lock and .python-version in the last commit."),
        seen=_("Not there, or changed since: {names}", names=", ".join(missing)),
        look=_("What does git status say? git push sends commits, and nothing else."),
    )


@criterion(_(".env is not in what is pushed"), file=".gitignore")
def test_dotenv_is_not_pushed(project):
    expect(
        not project.tracked_by_git(".env"),
        _("Expected: git does not keep .env: the host has variables of its own."),
        seen=_("git ls-files lists .env."),
        look=_("Have you tried: git rm --cached .env, then a commit?"),
    )
