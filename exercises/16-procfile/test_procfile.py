"""Step 16: a Procfile names the processes; each is run as a host runs it."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from atelier.checks import (
    PRODUCTS,
    UNPINNED,
    Deadline,
    _,
    criterion,
    expect,
    release,
    start_web_type,
    start_worker_type,
)

NOTICES = "/api/v1/notices"


def host(worlds):
    """A world without .env, its variables set by the host, and the database still empty."""
    return worlds.new(platform=True)


def released(worlds):
    """The host's world after the release process."""
    world = worlds.once(host)
    release(world)
    return world


def migrated(worlds):
    """The host's world, its database ready whether by a release process or without one."""
    world = worlds.once(host)
    if "release" in world.source.procfile():
        worlds.once(released)
    else:
        world.migrate()
    return world


def web(worlds):
    worlds.once(migrated)
    return start_web_type(worlds.once(host))


def worker(worlds):
    return start_worker_type(worlds.once(host))


@criterion(_("The Procfile has a line for web, one for release, one for worker"), file="Procfile")
def test_procfile_names_three(project):
    types = project.procfile()
    missing = [name for name in ("web", "release", "worker") if name not in types]
    expect(
        not missing,
        _("Expected: lines that begin with web:, release: and worker:."),
        seen=_("Not there: {names}", names=", ".join(missing)),
        look=_("Is the line there, with a colon after the name? Is the file saved?"),
    )


@criterion(_("release makes the tables in an empty database"), file="Procfile")
def test_release_makes_the_tables(worlds):
    world = worlds.once(released)
    path = world.home / "check.db"
    tables = []
    if path.is_file():
        with closing(sqlite3.connect(path)) as database:
            rows = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            tables = [name for (name,) in rows]
    expect(
        {"products", "notices"} <= set(tables),
        _("Expected: after the release process, the database has the tables."),
        seen=tables,
        look=_("Which command applies the migrations? Does it use DATABASE_URL?"),
    )


@criterion(_("web serves the API at the port that it is given in PORT"), file="Procfile")
def test_web_serves_at_port(worlds):
    server = worlds.once(web)
    answer = server.get(PRODUCTS)
    expect(
        answer.status == 200 and isinstance(answer.json(), list),
        _("Expected: 200 and a JSON list of the products."),
        seen=f"{answer.status} {server.last_traceback() or answer.text[:300]}",
        look=_("Which module and which variable does the web line name?"),
    )
    expect(
        "development server" not in server.log,
        _("Expected: a server made for production, such as gunicorn."),
        seen=_("The server says that it is a development server."),
        look=_("Which server did you install for this application to go online?"),
    )


@criterion(_("worker does a task that web has put in the queue"), file="Procfile")
def test_worker_does_a_task(worlds):
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(worlds.once, worker)
        server = worlds.once(web)
        server.request("POST", PRODUCTS, data={"name": "lamp"})
        running = starting.result()
    deadline = Deadline(10)
    notices = []
    while not notices and not deadline.over:
        answer = server.get(NOTICES).json()
        notices = answer if isinstance(answer, list) else []
        time.sleep(0.05)
    expect(
        notices,
        _("Expected: after a POST to the web process, the worker process writes the notice."),
        seen=running.last_log(),
        look=_("Which Celery app does the worker line name after -A?"),
    )


@criterion(_("worker runs as many tasks at a time as you say, on any machine"), file="Procfile")
def test_concurrency_is_pinned(worlds):
    running = worlds.once(worker)
    concurrency = running.concurrency()
    expect(
        concurrency is not None and concurrency != UNPINNED,
        _("Expected: the number of tasks at a time does not come from the machine."),
        seen=_(
            "On a machine that has {count} cores, the worker runs {count} tasks at a time.",
            count=concurrency or UNPINNED,
        ),
        look=_("Which option of the worker sets how many tasks run in parallel?"),
    )


@criterion(_(".env and .env.sample give PORT, for your own machine"), file=".env")
def test_port_is_in_dotenv(project):
    for name in (".env", ".env.sample"):
        lines = [line.partition("=")[0].strip() for line in project.text(name).splitlines()]
        expect(
            "PORT" in lines,
            _("Expected: a line PORT=8000 in {file}.", file=name),
            seen=lines,
            look=_("Is the line there, and is the file saved?"),
        )


@criterion(_("honcho is installed, as a package of development"), file="Pipfile")
def test_honcho_is_installed(project):
    packages = project.pipfile().get("dev-packages", {})
    expect(
        "honcho" in packages and project.interpreter.has("honcho"),
        _("Expected: honcho under [dev-packages] in the Pipfile, and in the environment."),
        seen=list(packages),
        look=_("In the project's folder, have you run: pipenv install --dev honcho?"),
    )
