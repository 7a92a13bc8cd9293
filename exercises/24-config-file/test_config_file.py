"""Step 24: the configuration stands in a file, and the environment has the last word."""

import json
import secrets

from atelier.checks import (
    Deadline,
    Web,
    _,
    criterion,
    expect,
    expect_packages,
    expect_status,
)

FILE = "secrets/api-config.yaml"
NAME = "api-config.yaml"
ELSEWHERE = "elsewhere/other.json"
RUNNING = r"Running on http://\S+:(?P<port>\d+)"
WITHIN = 50.0  # seconds; a debug server is two programs, one after the other
TASKS = "/task/"
LINES = 3  # a sentence may be wrapped; a traceback has more

# What four apps of one process have: no file yet, the file, the environment as well, another file.
SETTINGS = """
import os
from pathlib import Path
from factory import create_app

def write(name, text):
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)

def settings():
    app = create_app()
    conf = app.extensions["celery"].conf
    return {"secret_key": app.config["SECRET_KEY"], **{name: conf.get(name) for name in names}}

os.environ["REDIS_URL"] = redis_url
attempt(settings)
del os.environ["REDIS_URL"]
write(file, text)
attempt(settings)
os.environ.update(SECRET_KEY=given_key, FLASK_SECRET_KEY=given_key, REDIS_URL=redis_url)
attempt(settings)
for name in ("SECRET_KEY", "FLASK_SECRET_KEY", "REDIS_URL"):
    del os.environ[name]
write(elsewhere, other_text)
os.environ["FLASK_CONFIG"] = elsewhere
attempt(settings)
"""
NAMES = ("broker_url", "result_backend", "result_expires")
ADDRESS = "redis://127.0.0.1:7/{}"  # nobody asks anything there


SECRET = "do not tell this"
PORT, KEY = "port: 8001\n", f"secret_key: {SECRET}\n"
CELERY = "celery:\n  broker_url: redis://localhost\n  result_backend: redis://localhost\n"
# Each file has one fault: in which order they are looked for is free.
ROTTEN = f"{PORT}secret_key: {SECRET}: not at all\n{CELERY}"
ROTTEN_JSON = f'{{"port": 8001, "secret_key": "{SECRET}",}}'
WRONG_KEY = f"{PORT}{KEY}colour: red\n{CELERY}"
WRONG_SETTING = f"{PORT}{KEY}{CELERY}  task_trak_started: true\n"
LACKING = f"{PORT}{CELERY}"
PORTLESS = f"{KEY}{CELERY}"
WRONG_TYPE = f"port: eight thousand\n{KEY}{CELERY}"
CASES = {
    "missing": (None, {"FLASK_CONFIG": "elsewhere/nothing.yaml"}),
    "needed": (None, {}),
    "rotten": (ROTTEN, {}),
    "key": (WRONG_KEY, {}),
    "setting": (WRONG_SETTING, {}),
    "lacking": (LACKING, {}),
    "type": (WRONG_TYPE, {}),
    "json": (ROTTEN_JSON, {"FLASK_CONFIG": ELSEWHERE}),
    "empty": ("", {}),
    "portless": (PORTLESS, {}),
}
# Each run is a program of its own, which finds the packages imported: that saves a second each.
RUN_CLI = """
import importlib, os, runpy, signal, sys, time
from pathlib import Path

for package in ("celery.app.defaults", "flask_migrate", "flask_marshmallow", "redis", "yaml"):
    try:
        importlib.import_module(package)
    except ImportError:
        pass

def exit_code():
    try:
        runpy.run_path("cli.py", run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0

def run(variables, text):
    path = Path(file if text is None else variables.get("FLASK_CONFIG", file))
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text)
    with open(said, "w") as output:
        program = os.fork()
        if not program:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.environ.update(variables)
            sys.argv[:] = ["cli.py"]
            code = exit_code()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + 40
    while True:
        ended, status = os.waitpid(program, os.WNOHANG)
        told = Path(said).read_text(errors="replace")
        if ended:
            return os.waitstatus_to_exitcode(status), told
        if "Running on" in told or time.monotonic() > end:
            os.kill(program, signal.SIGKILL)
            os.waitpid(program, 0)
            return None, told
        time.sleep(0.02)

for case in cases:
    tell(run(**case))
"""


def own_machine(worlds):
    """A world without the variables that would take the place of what the file says."""
    world = worlds.new(platform=True)
    for name in ("PORT", "REDIS_URL"):
        del world.env[name]
    return world


def written(port, broker, key, **celery):
    """The configuration as JSON, which is YAML too."""
    celery = {"broker_url": broker, "result_backend": broker, **celery}
    return {"port": port, "secret_key": key, "celery": celery}


def put(world, text, name=FILE):
    """Write the file in the copy of the project."""
    path = world.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def as_yaml(settings):
    """The configuration as a learner writes it."""
    celery = "".join(f"  {name}: {value}\n" for name, value in settings["celery"].items())
    return f"port: {settings['port']}\nsecret_key: {settings['secret_key']}\ncelery:\n{celery}"


def run_cli(world, **variables):
    """Start `python cli.py`; return its process, and the port that it says, None when it ended."""
    process = world.start([world.interpreter.python, "cli.py"], variables)
    found = process.wait_for(RUNNING, Deadline(WITHIN))
    return process, int(found["port"]) if found else None


def served(worlds):
    """The server that cli.py starts, on the port of the file."""
    world = own_machine(worlds)
    port = world.lend_port()
    put(world, as_yaml(written(port, world.redis.url, secrets.token_hex())))
    process, told = run_cli(world)
    return world, process, port, told


def told_settings(worlds):
    """What the apps of one process have, in the four situations."""
    world = own_machine(worlds)
    key, given_key, other_key = (secrets.token_hex() for _number in range(3))
    file = written(1234, ADDRESS.format(1), key, result_expires=4321)
    other = written(1235, ADDRESS.format(3), other_key, result_expires=5432)
    question = world.ask(
        SETTINGS,
        file=FILE,
        text=as_yaml(file),
        elsewhere=ELSEWHERE,
        other_text=json.dumps(other, indent=2),
        redis_url=ADDRESS.format(2),
        given_key=given_key,
        names=NAMES,
    )
    file_celery, other_celery = file["celery"], other["celery"]
    both = dict.fromkeys(NAMES[:2], ADDRESS.format(2))
    wanted = [
        both,
        {"secret_key": key, **file_celery},
        {"secret_key": given_key, **both, "result_expires": 4321},
        {"secret_key": other_key, **other_celery},
    ]
    return question, wanted


def expect_settings(worlds, number, message, look):
    """Expect of the app `number` what the file and the environment say."""
    question, wanted = worlds.once(told_settings)
    told = question.answer(WITHIN, number=number)
    wrong = {
        name: told.get(name)
        for name, value in wanted[number - 1].items()
        if not same(told.get(name), value)
    }
    expect(not wrong, message, seen=wrong, look=look)


def same(told, wanted):
    """Whether a setting is what was wanted; an address may have more behind it."""
    if isinstance(wanted, str) and wanted.startswith("redis://"):
        return str(told).partition("?")[0] == wanted
    return told == wanted


def complaints(worlds):
    """What `python cli.py` says of each file that it cannot use."""
    world = own_machine(worlds)
    world.env["REDIS_URL"] = ADDRESS.format(1)  # so that this is never what is missing
    port = str(world.lend_port())
    cases = [
        {"variables": variables, "text": text if text is None else text.replace("8001", port)}
        for text, variables in CASES.values()
    ]
    return world.ask(RUN_CLI, file=FILE, cases=cases, said=str(world.home / "said"))


def expect_sentence(worlds, case, *words, look):
    """Expect that cli.py ended, with a sentence that has the `words`."""
    number = list(CASES).index(case) + 1
    code, text = worlds.once(complaints).answer(WITHIN, number=number)
    expect(
        code is not None and code > 0,
        _("Expected: cli.py ends at once, with an exit code that is not 0."),
        seen=text[-500:] if code is None else _("exit code {code}", code=code),
        look=look,
    )
    lines = [line for line in text.splitlines() if line.strip()]
    expect(
        "Traceback" not in text and 0 < len(lines) <= LINES,
        _("Expected: one sentence for whoever starts the server, and no traceback."),
        seen=text[-600:],
        look=_("Which class of exceptions does a click command show in one line?"),
    )
    missing = [word for word in words if word not in text]
    expect(
        not missing,
        _("Expected: the sentence names {words}.", words=", ".join(words)),
        seen=text[-600:],
        look=look,
    )
    expect(
        SECRET not in text,
        _("Expected: what is secret is in no message."),
        seen=text[-600:],
        look=_("Does the message quote the line of the file?"),
    )


@criterion(_("A package that reads YAML is named and installed"), file="Pipfile")
def test_packages(project):
    expect_packages(project, {"pyyaml": "yaml"})


@criterion(_("git ignores the folder secrets"), file=".gitignore")
def test_git_ignores_secrets(worlds, project):
    expect(
        not project.tracked_by_git(FILE),
        _("Expected: git does not keep {file}.", file=FILE),
        seen=_("It is among the files that git keeps."),
        look=_("Have you added it? git rm --cached takes it out again."),
    )
    world = worlds.new()
    world.start(["git", "init", "--quiet"]).wait(Deadline(WITHIN))
    code = world.start(["git", "check-ignore", "--quiet", FILE]).wait(Deadline(WITHIN))
    expect(
        code == 0,
        _("Expected: git ignores {file}.", file=FILE),
        seen=project.text(".gitignore"),
        look=_("Which line of .gitignore names the folder?"),
    )


@criterion(_("python cli.py starts the server, on the port of the file"), file="cli.py")
def test_cli_serves_on_port(worlds):
    world, process, port, told = worlds.once(served)
    if told is None:
        raise world.stopped("python cli.py", process)
    expect(
        told == port,
        _("Expected: the server listens on the port {port}, as the file says.", port=port),
        seen=_("It says the port {port}", port=told),
        look=_("Which port is the server given?"),
    )
    expect_status(Web(world, process, port).get("/"), 200, "GET /")


@criterion(_("It is in debug mode"), file="cli.py")
def test_cli_debugs(worlds):
    world, process, _port, told = worlds.once(served)
    if told is None:
        raise world.stopped("python cli.py", process)
    expect(
        process.output.find(r"Debug mode: on|Debugger is active", Deadline(10)),
        _("Expected: the server says “Debug mode: on”."),
        seen=process.output.text[:600],
        look=_("Which argument of run asks for it?"),
    )


@criterion(_("A task of this server goes to the broker of the file"), file="config.py")
def test_server_uses_the_broker(worlds):
    world, process, _port, told = worlds.once(served)
    if told is None:
        raise world.stopped("python cli.py", process)
    web = Web(world, process, told)
    expect_status(web.request("POST", TASKS, seconds=25), 202, "POST /task/", web)
    expect(
        world.queue.wait_for_messages(1, Deadline(3)),
        _("Expected: the message waits in the Redis of celery.broker_url."),
        seen=process.output.text[-600:],
        look=_("Where does make_celery find the address?"),
    )


@criterion(_("Without the file, the environment alone does"), file="config.py")
def test_environment_alone(worlds):
    expect_settings(
        worlds,
        1,
        _("Expected: without {file}, Celery has the address of REDIS_URL.", file=FILE),
        _("Is the file needed where the environment says everything?"),
    )


@criterion(_("The app and Celery have what the file says"), file="config.py")
def test_file_is_read(worlds):
    expect_settings(
        worlds,
        2,
        _("Expected: secret_key, and each setting under celery, as in the file."),
        _("Does every key of the mapping celery reach Celery?"),
    )


@criterion(_("The environment has the last word"), file="config.py")
def test_environment_overrides(worlds):
    expect_settings(
        worlds,
        3,
        _("Expected: SECRET_KEY and REDIS_URL count more than the file."),
        _("Which of the two is asked first?"),
    )


@criterion(_("PORT in the environment counts more than the port of the file"), file="config.py")
def test_port_overrides(worlds):
    world = own_machine(worlds)
    port, other = world.lend_port(), world.lend_port()
    put(world, as_yaml(written(port, ADDRESS.format(1), "a key")))
    names = ("PORT", "FLASK_RUN_PORT", "FLASK_PORT")  # which of them is free
    process, told = run_cli(world, **dict.fromkeys(names, str(other)))
    if told is None:
        raise world.stopped("python cli.py", process)
    expect(
        told == other,
        _("Expected: with PORT={other} the server listens there.", other=other),
        seen=_("It says the port {port}", port=told),
        look=_("Which of the two is asked first?"),
    )


@criterion(_("FLASK_CONFIG names another file, which may be JSON"), file="config.py")
def test_other_file(worlds):
    expect_settings(
        worlds,
        4,
        _("Expected: with FLASK_CONFIG={file}, what this file says.", file=ELSEWHERE),
        _("How does the program know whether a file is YAML or JSON?"),
    )


@criterion(_("A file that is missing is told in a sentence"), file="cli.py")
def test_missing_file(worlds):
    expect_sentence(
        worlds,
        "missing",
        "nothing.yaml",
        look=_("What happens when the file that FLASK_CONFIG names is not there?"),
    )


@criterion(_("cli.py needs the file"), file="cli.py")
def test_cli_needs_the_file(worlds):
    expect_sentence(
        worlds,
        "needed",
        NAME,
        look=_("On which port would the server start without the file?"),
    )


@criterion(_("Bad YAML is told in a sentence, without the secrets"), file="config.py")
def test_bad_yaml(worlds):
    expect_sentence(
        worlds,
        "rotten",
        NAME,
        look=_("Does the sentence name the file?"),
    )


@criterion(_("An unknown key is told in a sentence"), file="config.py")
def test_unknown_key(worlds):
    expect_sentence(
        worlds,
        "key",
        "colour",
        look=_("Which keys does the program know?"),
    )


@criterion(_("An unknown setting of Celery is told in a sentence"), file="config.py")
def test_unknown_setting(worlds):
    expect_sentence(
        worlds,
        "setting",
        "task_trak_started",
        look=_("Where does Celery list its settings?"),
    )


@criterion(_("A missing key is told in a sentence"), file="config.py")
def test_missing_key(worlds):
    expect_sentence(
        worlds,
        "lacking",
        "secret_key",
        look=_("Which keys must be there?"),
    )


@criterion(_("Bad JSON is told in a sentence"), file="config.py")
def test_bad_json(worlds):
    expect_sentence(worlds, "json", "other.json", look=_("Which exception does json.loads raise?"))


@criterion(_("An empty file is told in a sentence"), file="config.py")
def test_empty_file(worlds):
    expect_sentence(worlds, "empty", look=_("What does safe_load make of an empty file?"))


@criterion(_("A missing port is told in a sentence"), file="config.py")
def test_missing_port(worlds):
    expect_sentence(worlds, "portless", "port", look=_("Which keys must be there?"))


@criterion(_("A value of the wrong type is told in a sentence"), file="config.py")
def test_wrong_type(worlds):
    expect_sentence(
        worlds,
        "type",
        "port",
        look=_("What is a port?"),
    )
