"""Programs that stop, hang, hide packages or leave children: told to their author, and ended."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from atelier.checks.report import Report
from atelier.course import Course
from atelier.harness import family
from atelier.verdicts import Verdict
from tests.projects import finding, judge, make_project


def broker(report: Report) -> tuple[Verdict, str]:
    """What is said of a criterion that imports config.py."""
    found = finding(report, "broker_follows_redis_url")
    return found.verdict, "\n".join(filter(None, (found.message, found.seen, found.look)))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\nclass Config\n    pass\n", ["config.py, line 2", "SyntaxError"]),
        ("import nowhere_to_be_found\n", ["config.py, line 1", "nowhere_to_be_found", "installed"]),
        ("def f():\n    return 1 / 0\nf()\n", ["config.py, line 2, in f", "ZeroDivisionError"]),
        ("import sys\nprint('bye')\nsys.exit(0)\n", ["exit code 0", "sys.exit"]),
        ("import os\nos._exit(7)\n", ["exit code 7"]),
        ("name = input('name? ')\n", ["config.py, line 1", "EOFError"]),
        (b"NAME = '\xe9t\xe9'\n", ["SyntaxError", "utf-8"]),
    ],
    ids=["syntax", "import", "exception", "sys.exit", "os._exit", "input", "latin-1"],
)
def test_program_that_stops_at_import(
    course: Course, tmp_path: Path, code: str | bytes, words: list[str]
) -> None:
    project = make_project(course, tmp_path / "shop", "08", {"config.py": code})

    verdict, text = broker(judge(course, project, "08"))

    assert verdict is Verdict.ERROR
    for word in words:
        assert word in text
    assert "atelier/" not in text  # no frames of ours
    assert str(tmp_path) not in text  # paths as their author knows them


def test_endless_loop_is_told_with_its_line(course: Course, tmp_path: Path) -> None:
    code = "def spin():\n    while True:\n        pass\nspin()\n"
    project = make_project(course, tmp_path / "shop", "08", {"config.py": code})

    verdict, text = broker(judge(course, project, "08"))

    assert verdict is Verdict.TIMEOUT
    assert "config.py, line" in text
    assert "in spin" in text


def test_file_that_hides_a_package_is_named(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "09", {"celery.py": "print('mine')\n"})

    found = finding(judge(course, project, "09"), "celery_has_the_settings")

    assert found.verdict is Verdict.ERROR
    assert "celery.py" in (found.look or "")


def test_dotenv_missing(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "08", {".env": None})

    report = judge(course, project, "08")

    assert finding(report, "dotenv_gives_redis_url").verdict is Verdict.FAIL
    assert "KeyError: 'REDIS_URL'" in broker(report)[1]


def test_no_environment_says_what_to_type(course: Course, tmp_path: Path) -> None:
    from atelier.checks.runner import check
    from atelier.harness.source import Source

    project = make_project(course, tmp_path / "shop", "08")

    [report] = check(course, [course.step("08")], Source(project, None))

    found = finding(report, "broker_follows_redis_url")
    assert found.verdict is Verdict.FAIL
    assert "pipenv install" in (found.look or "")


def test_no_redis_server_is_our_side(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atelier.harness import redis_server

    monkeypatch.setattr(redis_server, "_embedded_binary", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    redis_server.server_binary.cache_clear()
    try:
        report = judge(course, make_project(course, tmp_path / "shop", "09"), "09")
    finally:
        redis_server.server_binary.cache_clear()

    assert report.verdict is Verdict.INFRA
    assert "Redis" in (report.findings[0].message or "")


def test_spaces_accents_taken_ports_and_large_files(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "école d'été" / "ma boutique"
    project = make_project(course, folder, "09", {"dump.bin": b"\0" * (21 * 1024 * 1024)})
    taken = []
    for port in (5000, 6379, 8000):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError:
            listener.close()  # another program has it: as taken as it can be
            continue
        taken.append(listener)
    try:
        report = judge(course, project, "09")
    finally:
        for listener in taken:
            listener.close()

    assert report.verdict is Verdict.PASS, report


# A daemon as the textbooks make it: two forks, a session of its own, and here no token left.
DAEMON = """
import os, sys
mark = {mark!r}
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        env = {env}
        os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", mark], env)
    os._exit(0)
"""


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if mark in (process.info["cmdline"] or []) and process.info["status"] != "zombie":
            found.append(process)
    return found


@pytest.mark.skipif(not family.become_subreaper(), reason="no subreaper on this system")
def test_daemon_without_token_is_gone(course: Course, tmp_path: Path) -> None:
    mark = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    code = DAEMON.format(mark=mark, env="{}")
    config = code + course.tree(course.step("08"))["config.py"].decode()
    project = make_project(course, tmp_path / "shop", "08", {"config.py": config})

    report = judge(course, project, "08")

    assert report.verdict is Verdict.PASS, report
    assert marked(mark) == []


def test_daemon_is_gone_without_a_subreaper(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(family, "become_subreaper", lambda: False)
    mark = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    code = DAEMON.format(mark=mark, env="dict(os.environ)")
    config = code + course.tree(course.step("08"))["config.py"].decode()
    project = make_project(course, tmp_path / "shop", "08", {"config.py": config})

    report = judge(course, project, "08")

    assert report.verdict is Verdict.PASS, report
    assert marked(mark) == []


def test_worker_that_refuses_to_stop_is_gone(course: Course, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    stubborn = (
        "import os, signal\n"
        "from celery.signals import worker_ready\n"
        "@worker_ready.connect\n"
        "def refuse(**_kwargs):\n"
        f"    open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):\n"
        "        signal.signal(number, signal.SIG_IGN)\n"
    )
    tasks = course.tree(course.step("09"))["tasks.py"].decode() + stubborn
    project = make_project(course, tmp_path / "shop", "09", {"tasks.py": tasks})

    report = judge(course, project, "09")

    assert report.verdict is Verdict.PASS, report
    assert not psutil.pid_exists(int(mark.read_text()))


def test_flood_of_output_is_bounded(course: Course, tmp_path: Path) -> None:
    flood = "import sys\nwhile True:\n    sys.stdout.write('x' * 65536 + '\\n')\n"
    project = make_project(course, tmp_path / "shop", "08", {"config.py": flood})
    before = psutil.Process().memory_info().rss

    verdict, _text = broker(judge(course, project, "08"))

    assert verdict is Verdict.TIMEOUT
    assert psutil.Process().memory_info().rss - before < 100 * 1024 * 1024
