"""Step 31: the ledger of step 27 in Pyramid. What is asked of it over HTTP is the same."""

import re

from atelier.checks import (
    Deadline,
    LedgerChecks,
    _,
    criterion,
    expect,
    start_module_server,
    start_pserve,
    start_worker_in,
)

FOLDER = "pyramid_ledger"
INI = "config.ini"
LONG = 90  # seconds, for what starts a worker and waits for its tasks
NOT_THEIR_OWN = {"packages", "dev-packages", "requires", "scripts", "pipenv"}
QUEUE = "named-in-the-ini"
TAKEN_WITHIN = 10  # seconds
PACKAGES = {"pyramid": "pyramid", "pyramid-tasks": "pyramid_tasks"}
INSTALL = "pipenv install --categories pyramid pyramid pyramid-tasks"
VIEWS = f"{FOLDER}/ledger/views.py"
TASKS = f"{FOLDER}/ledger/tasks.py"
CONFIGURATION = f"{FOLDER}/ledger/__init__.py"


def expect_installed(project):
    missing = [name for name, module in PACKAGES.items() if not project.interpreter.has(module)]
    expect(
        not missing,
        _("Expected: {names} in the project's environment.", names=", ".join(PACKAGES)),
        seen=_("Not there: {names}", names=", ".join(missing)),
        look=_("In the project's folder, have you run: {command}?", command=INSTALL),
    )


def web_of_module(world):
    expect_installed(world.source)
    return start_module_server(world, FOLDER, "ledger")


def worker_of_module(world, *options):
    expect_installed(world.source)
    return start_worker_in(world, FOLDER, "ledger", *options)


def web_of_ini(world):
    expect_installed(world.source)
    return start_pserve(world, FOLDER, INI)


def worker_of_ini(world, *options):
    expect_installed(world.source)
    return start_worker_in(world, FOLDER, "ledger.ini", "--ini", INI, *options)


ledger = LedgerChecks(web_of_module, worker_of_module)
by_ini = LedgerChecks(web_of_ini, worker_of_ini)


@criterion(_("pyramid and pyramid-tasks are installed, in a category of their own"), file="Pipfile")
def test_packages_are_in_a_category(project):
    sections = {
        section: {re.sub(r"[-_.]+", "-", name).lower() for name in packages}
        for section, packages in project.pipfile().items()
        if isinstance(packages, dict)
    }
    expect(
        any(
            set(PACKAGES) <= names
            for section, names in sections.items()
            if section not in NOT_THEIR_OWN
        ),
        _(
            "Expected: {names} under [{section}] in the Pipfile.",
            names=", ".join(PACKAGES),
            section="pyramid",
        ),
        seen={section: sorted(names) for section, names in sections.items()},
        look=_("In the project's folder, have you run: {command}?", command=INSTALL),
    )
    expect(
        not set(PACKAGES) & sections.get("packages", set()),
        _("Expected: the shop itself goes without them: they are not under [packages]."),
        seen=sorted(sections.get("packages", set())),
        look=_("Which packages does the shop need online?"),
    )
    expect_installed(project)


@criterion(_("/append?value=10 pushes to a list in Redis and answers Done."), file=VIEWS)
def test_append_answers_done(worlds):
    ledger.append_answers_done(worlds)


@criterion(_("Without an integer, /append answers 400 with a sentence"), file=VIEWS)
def test_append_refuses(worlds):
    ledger.append_refuses(worlds)


@criterion(_("/total?delay=5 answers the id of a task at once"), file=VIEWS)
def test_total_answers_an_id(worlds):
    ledger.total_answers_an_id(worlds)


@criterion(_("With a delay that is no number of seconds, /total answers 400"), file=VIEWS)
def test_total_refuses(worlds):
    ledger.total_refuses(worlds)


@criterion(_("Until the task has ended, /result answers Pending..."), file=VIEWS, timeout=LONG)
def test_result_is_pending(worlds):
    ledger.result_is_pending(worlds)


@criterion(_("Once it has ended, /result answers the sum"), file=TASKS, timeout=LONG)
def test_result_is_the_sum(worlds):
    ledger.result_is_the_sum(worlds)


@criterion(_("Without an id, /result answers 400"), file=VIEWS)
def test_result_wants_an_id(worlds):
    ledger.result_wants_an_id(worlds)


@criterion(_("/result says so when the task raised an error"), file=VIEWS, timeout=LONG)
def test_failed_task_is_told(worlds):
    ledger.failed_task_is_told(worlds)


@criterion(_("With Redis stopped, the three routes answer 503 soon"), file=VIEWS, timeout=LONG)
def test_redis_stopped(worlds):
    ledger.redis_stopped(worlds)


@criterion(
    _("Requests share their connections to Redis, and so do tasks"),
    file=CONFIGURATION,
    timeout=LONG,
)
def test_connections_are_pooled(worlds):
    ledger.connections_are_pooled(worlds)


@criterion(_("Two processes of a worker share no connection"), file=CONFIGURATION, timeout=LONG)
def test_forks_share_no_connection(worlds):
    ledger.forks_share_no_connection(worlds)


@criterion(_("With config.ini, pserve answers the same"), file=f"{FOLDER}/{INI}", timeout=LONG)
def test_pserve_answers_the_same(worlds):
    by_ini.append_answers_done(worlds)
    by_ini.append_refuses(worlds)
    by_ini.total_answers_an_id(worlds)
    by_ini.total_refuses(worlds)
    by_ini.result_wants_an_id(worlds)


@criterion(
    _("With config.ini, the worker sums the same"), file=f"{FOLDER}/ledger/ini.py", timeout=LONG
)
def test_worker_by_ini_sums_the_same(worlds):
    by_ini.result_is_pending(worlds)
    by_ini.result_is_the_sum(worlds)
    by_ini.failed_task_is_told(worlds)


@criterion(
    _("What config.ini says about Celery holds for both"),
    file=f"{FOLDER}/ledger/ini.py",
    timeout=LONG,
)
def test_ini_reaches_celery(worlds):
    world = worlds.new()
    file = world.root / FOLDER / INI
    text = world.source.text(f"{FOLDER}/{INI}")
    setting = rf"\1\ncelery.task_default_queue = {QUEUE}"
    file.write_text(re.sub(r"(?m)^(\[app:[^\]]+\][^\n]*)$", setting, text), "utf-8")
    web = web_of_ini(world)
    answer = web.get("/total?delay=0")
    waiting = world.redis.client().llen(QUEUE)
    expect(
        waiting == 1,
        _("Expected: celery.task_default_queue in config.ini says where a message waits."),
        seen=f"{answer.status} {answer.text[:80]}",
        look=_("Which settings is Celery given when pserve calls main?"),
    )
    worker = worker_of_ini(world)
    found = world.queue.wait_for_result(answer.text.strip(), Deadline(TAKEN_WITHIN))
    expect(
        found and found.state == "SUCCESS",
        _("Expected: the worker takes messages from the queue that config.ini names."),
        seen=worker.last_log(),
        look=_("Which settings does celery get from --ini?"),
    )
