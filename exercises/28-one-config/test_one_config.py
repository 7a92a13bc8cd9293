"""Step 28: settings with a prefix go to Celery, from a file and from the environment, as a tree."""

from atelier.checks import _, criterion, expect

FILE = "settings/shop.ini"
WITHIN = 50.0  # seconds
NAMES = (
    *("broker_url", "broker_transport_options", "result_backend_transport_options"),
    *("result_expires", "task_track_started", "task_default_queue", "accept_content"),
    *("worker_prefetch_multiplier", "task_acks_late", "task_annotations"),
)
# Two apps and more in one process: each with the variables and the file of its case.
TELL = """
import os
from pathlib import Path
from click import ClickException
from factory import create_app

def settings():
    try:
        app = create_app()
        conf = app.extensions["celery"].conf
        return {"secret_key": app.config["SECRET_KEY"], **{name: conf.get(name) for name in names}}
    except (ClickException, SystemExit) as error:
        return {"said": str(error)}

Path(file).parent.mkdir()
for case in cases:
    Path(file).write_text(case["text"])
    os.environ.update(case["variables"])
    attempt(settings)
    for name in case["variables"]:
        del os.environ[name]
"""
ADDRESS = "redis://:to%40night,to%25day@127.0.0.1:7/0"  # nobody asks anything there
INI = f"""
[shop]
port = 1234
secret_key = 20261130
celery.broker_url = {ADDRESS}
celery.broker_transport_options.visibility_timeout = 3600
celery.broker_transport_options.queue_order_strategy = sorted
celery.result_backend_transport_options.retry_policy.timeout = 1.5
celery.result_backend_transport_options.retry_policy.max_retries = 7
celery.result_backend_transport_options.retry_policy.interval_start = 0
celery.result_expires = 4321
celery.worker_prefetch_multiplier = 1
celery.task_track_started = no
celery.task_acks_late = yes
celery.task_default_queue = shop
celery.accept_content = json, pickle
"""
NAMED = {"FLASK_CONFIG": FILE}
GIVEN = {
    "CELERY__BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "60",
    "CELERY__RESULT_BACKEND_TRANSPORT_OPTIONS__RETRY_POLICY__TIMEOUT": "2.5",
    "CELERY__TASK_TRACK_STARTED": "Yes",
    "CELERY__ACCEPT_CONTENT": "json, yaml",
}
ONE = next(iter(GIVEN))
CASES = {
    "file": (INI, NAMED),
    "both": (INI, {**NAMED, **GIVEN}),
    "environment": (
        "",
        {**GIVEN, "CELERY__BROKER_URL": ADDRESS, "CELERY__ACCEPT_CONTENT": "json,"},
    ),
    "unknown": (f"{INI}celery.brocker_url = redis://localhost\n", NAMED),
    "unknown variable": (INI, {**NAMED, "CELERY__RESULT_EXPIRE": "60"}),
    "two variables": (
        INI,
        {**NAMED, "CELERY__RESULT_EXPIRES": "60", "CELERY__RESULT_EXPIRES__X": "1"},
    ),
    "value and group": (f"{INI}celery.broker_transport_options = 1\n", NAMED),
}


def asked(worlds):
    """The question that tells what the app of each case has."""
    world = worlds.new(platform=True)
    for name in ("PORT", "REDIS_URL"):
        del world.env[name]
    cases = [{"text": text, "variables": variables} for text, variables in CASES.values()]
    return world.ask(TELL, file=FILE, cases=cases, names=NAMES)


def told(worlds, case):
    """What the app of `case` has."""
    return worlds.once(asked).answer(WITHIN, number=list(CASES).index(case) + 1)


def expect_settings(worlds, case, message, look, **wanted):
    """Expect these settings in `case`, of these types."""
    found = told(worlds, case)
    wrong = {
        name: found.get(name, found.get("said"))
        for name, value in wanted.items()
        if found.get(name) != value or type(found.get(name)) is not type(value)
    }
    expect(not wrong, message, seen=wrong, look=look)


def inside(found, *names):
    """What stands in a tree under these names, None where there is nothing."""
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


@criterion(_("A setting with the prefix celery reaches Celery, as a number"), file="config_file.py")
def test_number(worlds):
    found = inside(told(worlds, "file"), "broker_transport_options", "visibility_timeout")
    expect(
        found == 3600 and isinstance(found, int),
        _("Expected: visibility_timeout under broker_transport_options is the number 3600."),
        seen=told(worlds, "file"),
        look=_("Which part of the name is the prefix, and which part is the group?"),
    )
    expect_settings(
        worlds,
        "file",
        _("Expected: “4321” becomes a whole number."),
        _("In which order are the types tried?"),
        result_expires=4321,
        worker_prefetch_multiplier=1,
    )


@criterion(_("Names go three levels deep, and 1.5 is a number"), file="nested.py")
def test_three_levels(worlds):
    expect_settings(
        worlds,
        "file",
        _("Expected: under result_backend_transport_options, retry_policy with its two numbers."),
        _("How many times is the name split?"),
        result_backend_transport_options={
            "retry_policy": {"timeout": 1.5, "max_retries": 7, "interval_start": 0}
        },
    )


@criterion(_("yes and no become true and false"), file="nested.py")
def test_booleans(worlds):
    expect_settings(
        worlds,
        "file",
        _("Expected: “yes” becomes true, and “no” becomes false."),
        _("What is the value of bool of a text that is not empty?"),
        task_acks_late=True,
        task_track_started=False,
    )


@criterion(_("A list is written with commas"), file="nested.py")
def test_list(worlds):
    expect_settings(
        worlds,
        "file",
        _("Expected: “json, pickle” becomes a list of two texts, without the space."),
        _("What is left around each part?"),
        accept_content=["json", "pickle"],
    )


@criterion(_("What is a text stays a text"), file="nested.py")
def test_texts(worlds):
    expect_settings(
        worlds,
        "file",
        _("Expected: an address, a name and a key of digits stay as they are written."),
        _("What makes a list of an address? What does configparser do with the sign %?"),
        broker_url=ADDRESS,
        task_default_queue="shop",
        secret_key="20261130",
    )


@criterion(_("The environment changes one setting, and leaves its neighbours"), file="config.py")
def test_environment_overrides(worlds):
    expect_settings(
        worlds,
        "both",
        _(
            "Expected: {name} changes this one setting, and those beside it stay.",
            name=ONE,
        ),
        _("What becomes of the group when one of its settings is given?"),
        broker_transport_options={"visibility_timeout": 60, "queue_order_strategy": "sorted"},
        result_backend_transport_options={
            "retry_policy": {"timeout": 2.5, "max_retries": 7, "interval_start": 0}
        },
        task_track_started=True,
        accept_content=["json", "yaml"],
        result_expires=4321,
    )


@criterion(_("The environment alone does"), file="config.py")
def test_environment_alone(worlds):
    expect_settings(
        worlds,
        "environment",
        _("Expected: without a file, the variables that begin with CELERY__ reach Celery."),
        _("Are the same functions used for the file and for the environment?"),
        broker_url=ADDRESS,
        broker_transport_options={"visibility_timeout": 60},
        accept_content=["json"],
        result_backend_transport_options={"retry_policy": {"timeout": 2.5}},
        task_track_started=True,
    )


def expect_said(worlds, case, word):
    """Expect that the app of `case` is refused, in one line with `word`."""
    found = told(worlds, case)
    said = str(found.get("said", ""))
    expect(
        word in said and len(said.splitlines()) == 1,
        _("Expected: the app is refused, with one sentence that names {word}.", word=word),
        seen=said or found,
        look=_("Which function checks what was read, wherever it comes from?"),
    )


@criterion(_("An unknown setting is refused, wherever it comes from"), file="config.py")
def test_unknown(worlds):
    expect_said(worlds, "unknown", "brocker_url")
    expect_said(worlds, "unknown variable", "result_expire")


@criterion(_("A setting that is a value and a group is refused"), file="nested.py")
def test_value_and_group(worlds):
    expect_said(worlds, "value and group", "broker_transport_options")
    expect_said(worlds, "two variables", "result_expires")
