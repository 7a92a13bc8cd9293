"""A forked program does what a fresh one does; where it might not, it is a fresh one."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from atelier.harness import family as family_module
from atelier.harness.deadline import Deadline
from atelier.harness.environment import build_environment
from atelier.harness.family import Family
from atelier.harness.interpreter import own_interpreter
from atelier.harness.process import Process
from atelier.harness.warm import WarmPython

BINARIES = own_interpreter().bin_directory
pytestmark = pytest.mark.skipif(
    not family_module.become_subreaper(), reason="no subreaper on this system: all start afresh"
)
WARM_ONLY = "import sys; print('celery.apps.worker' in sys.modules)"


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmPython]:
    python = WarmPython(BINARIES, build_environment(BINARIES, Path("/"), {}))
    family_module.keep(python.pid)
    yield python
    python.close()
    assert not psutil.pid_exists(python.pid)


class Shop:
    """A folder to run programs in, forked or fresh."""

    def __init__(self, folder: Path, warm: WarmPython) -> None:
        self.folder = folder / "shop é'"
        self.folder.mkdir()
        self.home = folder / "home"
        self.home.mkdir()
        self.families = {True: Family(warm), False: Family()}

    def start(self, *command: str, warm: bool = True, env: dict[str, str] | None = None) -> Process:
        """Start a command, forked if that can be."""
        environment = build_environment(BINARIES, self.home, env or {})
        return Process(self.families[warm], command, cwd=self.folder, env=environment)

    def run(
        self, *command: str, warm: bool = True, env: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Return the exit code of a command and what it prints."""
        process = self.start(*command, warm=warm, env=env)
        code = process.wait(Deadline(30))
        return code, process.output.text

    def code(
        self, code: str, *arguments: str, warm: bool = True, env: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Return the exit code of Python code, and what it prints."""
        python = str(BINARIES / "python")
        return self.run(python, "-P", "-c", code, *arguments, warm=warm, env=env)


@pytest.fixture
def shop(tmp_path: Path, warm: WarmPython) -> Iterator[Shop]:
    made = Shop(tmp_path, warm)
    yield made
    for each in made.families.values():
        each.end()


@pytest.mark.parametrize(
    "code",
    [
        "import sys; print(sys.argv, sys.orig_argv[1:], __name__, sys.path)",
        "import os; print(sorted(os.environ), os.getcwd(), os.environ['GREETING'])",
        "import os; print(os.getpid() == os.getsid(0) == os.getpgid(0), os.isatty(1))",
        "import sys; print(repr(sys.stdin.read()), sys.flags.dont_write_bytecode)",
        "import os; print(sorted(os.listdir('/proc/self/fd')))",
        "import signal; print([signal.getsignal(s) for s in (2, 15)])",
        "import atexit, sys; atexit.register(print, 'last'); sys.exit('a word')",
        "import sys; sys.exit(3)",
        "import os; print('é', flush=True); os._exit(7)",
        "def f(): return 1 / 0\nf()",
        "raise SystemExit(0)",
        "this is no Python",
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'import os; print(sorted(os.environ))'])",
        "import multiprocessing as m\n"
        "p = m.get_context('fork').Process(target=print, args=(4,)); p.start(); p.join()",
        "import __main__; print(sorted(n for n in vars(__main__) if n[:2] != '__'))",
    ],
)
def test_it_is_as_a_fresh_start(shop: Shop, code: str) -> None:
    (forked, fresh) = (
        shop.code(code, "one", "{'two'}", warm=warm, env={"GREETING": "bonjour é"})
        for warm in (True, False)
    )
    assert forked == fresh


def test_code_finds_the_modules_beside_it(shop: Shop) -> None:
    (shop.folder / "beside.py").write_text("print('beside')")
    python, code = str(BINARIES / "python"), "import sys; print(sys.argv, sys.path); import beside"
    forked, fresh = (shop.run(python, "-c", code, "one", warm=warm) for warm in (True, False))
    assert forked == fresh
    assert "beside" in forked[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("told.py", "one", "{'two'}"),
        ("folder/told.py",),
        ("broken.py",),
        ("no-such-file.py",),
        ("-m", "told", "one"),
        ("-m", "folder", "one"),
        ("-m", "folder.told"),
        ("-m", "broken"),
        ("-m", "no_such_module"),
        ("-m", "json.tool", "--help"),
    ],
)
def test_a_file_or_a_module_is_as_a_fresh_one(shop: Shop, arguments: tuple[str, ...]) -> None:
    told = "import sys, __main__ as m\nprint(sys.argv, sys.orig_argv[1:], sys.path)\nprint("
    told += "m.__name__, m.__file__, m.__package__, getattr(m.__spec__, 'name', None))\n"
    (shop.folder / "folder").mkdir()
    for name in ("told.py", "folder/told.py", "folder/__main__.py"):
        (shop.folder / name).write_text(told)
    (shop.folder / "broken.py").write_text("def f():\n    raise ValueError('é')\n\nf()\n")
    python = str(BINARIES / "python")
    forked, fresh = (shop.run(python, *arguments, warm=warm) for warm in (True, False))
    assert forked == fresh


@pytest.mark.parametrize("arguments", [("program.py",), ("-m", "program")])
def test_a_file_or_a_module_is_forked(shop: Shop, arguments: tuple[str, ...]) -> None:
    (shop.folder / "program.py").write_text(WARM_ONLY)
    assert shop.run(str(BINARIES / "python"), *arguments) == (0, "True\n")


def test_a_script_of_the_environment_is_as_a_fresh_one(shop: Shop) -> None:
    (shop.folder / "wsgi.py").write_text(
        "import sys\nfrom flask import Flask\napp = Flask(__name__)\n"
        "@app.cli.command()\ndef told():\n    print(sys.argv, sys.path, app.root_path)\n"
        "@app.cli.command()\ndef broken():\n    raise ValueError('é')\n"
    )
    for command in ("told", "broken", "unknown"):
        forked, fresh = (
            shop.run(str(BINARIES / "flask"), command, warm=warm) for warm in (True, False)
        )
        assert forked == fresh


@pytest.mark.parametrize(
    "line",
    [
        "flask --version",
        "python -c print(__name__)",
        "flask no-such-command",
        "python -c 'import sys; print(sys.argv)'",
        "A=1 python -c 'import os; print(os.environ[\"A\"])'",
        "no-such-program --here",
        "flask --version && flask --version",
        "echo $GREETING",
    ],
)
def test_a_line_for_a_shell_is_as_a_shell_runs_it(shop: Shop, line: str) -> None:
    forked, fresh = (
        shop.run("/bin/sh", "-c", line, warm=warm, env={"GREETING": "bonjour"})
        for warm in (True, False)
    )
    assert forked == fresh


def test_a_line_that_only_names_a_program_is_forked(shop: Shop) -> None:
    (shop.folder / "wsgi.py").write_text(
        "import sys\nprint('celery.apps.worker' in sys.modules)\n"
        "from flask import Flask\napp = Flask(__name__)\n"
    )
    assert shop.run("/bin/sh", "-c", "flask routes")[1].startswith("True\n")
    assert shop.run("/bin/sh", "-c", "flask routes;")[1].startswith("False\n")


def test_what_pythonpath_names_is_as_at_a_fresh_start(shop: Shop) -> None:
    site = shop.home / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import os\nos.cpu_count = lambda: 7\n")
    code = "import os, sys; print(os.cpu_count(), sys.path, 'celery.apps.worker' in sys.modules)"
    env = {"PYTHONPATH": f"{site}:there"}
    forked, fresh = (shop.code(code, warm=warm, env=env) for warm in (True, False))
    assert forked[1].replace("True", "False") == fresh[1]
    assert "True" in forked[1]
    (site / "redis.py").write_text("")
    assert shop.code(WARM_ONLY, env=env) == (0, "False\n")


def test_it_was_forked(shop: Shop) -> None:
    assert shop.code(WARM_ONLY) == (0, "True\n")
    assert shop.code(WARM_ONLY, warm=False) == (0, "False\n")


def test_a_folder_that_shadows_nothing_does_not_hinder(shop: Shop) -> None:
    (shop.folder / "secrets").mkdir()  # no package: the module of this name is found before it
    assert shop.code(WARM_ONLY) == (0, "True\n")
    (shop.folder / "secrets" / "__init__.py").touch()
    assert shop.code(WARM_ONLY) == (0, "False\n")


def test_two_do_not_share_what_they_change(shop: Shop) -> None:
    change = "import flask, os; flask.changed = 1; os.environ['CHANGED'] = '1'; print('done')"
    assert shop.code(change) == (0, "done\n")
    look = "import flask, os; print(hasattr(flask, 'changed'), 'CHANGED' in os.environ)"
    assert shop.code(look) == (0, "False False\n")


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        ("redis.py", {}),
        ("celery/__init__.py", {}),
        ("json.py", {}),
        (None, {"PYTHONWARNINGS": "error"}),
        (None, {"TZ": "Asia/Tokyo"}),
    ],
)
def test_where_a_fork_might_differ_it_is_fresh(
    shop: Shop, file: str | None, variables: dict[str, str]
) -> None:
    if file:
        (shop.folder / file).parent.mkdir(exist_ok=True)
        (shop.folder / file).write_text("")
    assert shop.code(WARM_ONLY, env=variables) == (0, "False\n")


def test_without_a_subreaper_it_is_fresh(
    shop: Shop, warm: WarmPython, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(family_module, "become_subreaper", lambda: False)
    shop.families[True] = Family(warm)
    assert shop.code(WARM_ONLY) == (0, "False\n")


def test_another_command_than_python_is_started(shop: Shop) -> None:
    assert shop.run("/bin/sh", "-c", "echo $0") == (0, "/bin/sh\n")
    other = shop.folder / "tool"
    other.write_text("#!/bin/sh\necho $0\n")
    other.chmod(0o755)
    assert shop.run(str(other)) == (0, f"{other}\n")


def test_signals_reach_it_and_its_end_is_told(shop: Shop) -> None:
    stuck = "import time; print('up', flush=True); time.sleep(60)"
    endings = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = shop.start(str(BINARIES / "python"), "-P", "-c", stuck)
        assert process.wait_for("up", Deadline(20))
        process.signal(number)
        endings.append(process.wait(Deadline(20)))
    assert endings == [-signal.SIGINT, -signal.SIGTERM, -signal.SIGKILL]


def test_the_family_ends_it_and_what_it_started(shop: Shop) -> None:
    code = (
        "import json, os, subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "left = os.fork()\n"
        "if left == 0:\n"
        "    os.setsid(); time.sleep(60)\n"
        "print(json.dumps([os.getpid(), child.pid, left]), flush=True); time.sleep(60)"
    )
    process = shop.start(str(BINARIES / "python"), "-P", "-c", code)
    found = process.wait_for(r"^\[.*\]$", Deadline(20))
    assert found is not None
    shop.families[True].end()
    family_module.end_strays()  # what forked without exec and became an orphan has no token
    for pid in json.loads(found[0]):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
