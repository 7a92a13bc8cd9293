"""The commands as a learner's shell runs them: what they say, their exit codes, what stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from atelier.course import Course
from tests.projects import WORKSHOP_BIN, atelier, make_project


def test_no_project_yet() -> None:
    done = atelier("check")
    assert done.returncode == 2
    assert "pipenv run atelier start" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_project_yet_in_french_and_json() -> None:
    done = atelier("check", "--json", "--lang", "fr")
    assert done.returncode == 2
    assert done.stderr == ""
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "no-project"
    assert "pas encore de projet" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "10-frist-task"], "10-first-task"),
        (["check", "celery"], "make-celery"),
        (["check", "99"], "The nearest is "),
        (["lesson", "zzz"], "There is no step zzz"),
        (["check", "--jsno"], "There is no option --jsno"),
        (["check", "--project"], "The option --project needs a value"),
        (["check", "08", "09"], "one word too many: 09"),
        (["chek"], "There is no command chek"),
        (["queue", "--once"], "There is no project yet"),
        (["redis", "--port", "x"], "This value of --port"),
    ],
)
def test_wrong_use(course: Course, tmp_path: Path, arguments: list[str], words: str) -> None:
    if arguments[0] == "check" and arguments[-1] != "--project":
        arguments = [*arguments, "--project", str(make_project(course, tmp_path / "shop", "08"))]
    done = atelier(*arguments)
    assert done.returncode == 2, done
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_folder_that_is_no_project(tmp_path: Path) -> None:
    done = atelier("check", "--project", str(tmp_path))
    assert done.returncode == 2
    assert "is no project" in done.stderr
    done = atelier("check", "--project", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "There is no folder" in done.stderr


def test_json_is_one_object_and_nothing_else(course: Course, tmp_path: Path) -> None:
    noisy = 'print("hello")\n' + course.tree(course.step("08"))["config.py"].decode()
    project = make_project(course, tmp_path / "shop", "08", {"config.py": noisy})

    done = atelier("check", "08", "--json", "--project", str(project))

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert set(report) == {"step", "verdict", "seconds", "criteria"}
    assert (report["step"], report["verdict"]) == ("08-redis", "pass")
    for criterion in report["criteria"]:
        assert list(criterion) == [
            *("id", "title", "verdict", "message", "seen", "look", "file", "seconds")
        ]
        assert criterion["message"] is None


def test_check_tells_the_first_unmet_criterion_in_full(course: Course, tmp_path: Path) -> None:
    changes = {".env.sample": "FLASK_RUN_PORT=8000\n", "config.py": "class Config:\n    pass\n"}
    project = make_project(course, tmp_path / "shop", "08", changes)

    done = atelier("check", "08", "--lang", "fr", "--project", str(project))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "pas encore" in done.stdout
    assert done.stdout.count("Observé") == 1
    assert "Critères remplis\N{NO-BREAK SPACE}: 3 sur 6." in done.stdout


def test_all_steps_and_overtaken_criteria(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "12")

    done = atelier("check", "12", "--all", "--json", "--project", str(project), timeout=300)

    assert done.returncode == 0, done.stdout
    steps = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
    assert list(steps) == [step.name for step in course.up_to(course.step("12"))]
    verdicts = {each["id"]: each["verdict"] for each in steps["07-slow-request"]["criteria"]}
    assert verdicts["each_list_is_slow"] == "skipped"
    assert steps["07-slow-request"]["verdict"] == "pass"


def test_program_that_stops_is_exit_code_1(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "08", {"config.py": "1 / 0\n"})
    done = atelier("check", "08", "--project", str(project))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "your program stopped" in done.stdout
    assert "ZeroDivisionError" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_check_leaves_nothing(
    course: Course, tmp_path: Path, number: signal.Signals
) -> None:
    project = make_project(course, tmp_path / "shop", "10")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    running = subprocess.Popen(
        [str(WORKSHOP_BIN / "atelier"), "check", "10", "--project", str(project)],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        family = wait_for_worker(running)
        running.send_signal(number)
        _out, errors = running.communicate(timeout=20)
    finally:
        running.kill()

    assert running.returncode == 130
    assert "Traceback" not in errors
    assert list(scratch.iterdir()) == []
    _gone, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def wait_for_worker(running: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the processes of a check as soon as a worker is among them."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        family = psutil.Process(running.pid).children(recursive=True)
        for process in family:
            try:
                if "worker" in process.cmdline():
                    return family
            except psutil.Error:
                continue
    raise AssertionError("no worker was started")


def test_killed_check_is_cleaned_up_by_the_next(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "10")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {"TMPDIR": str(scratch)}
    running = subprocess.Popen(
        [str(WORKSHOP_BIN / "atelier"), "check", "10", "--project", str(project)],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    family = wait_for_worker(running)
    running.kill()
    running.wait()
    assert list(scratch.iterdir()) != []

    done = atelier("check", "08", "--project", str(project), env=env)

    assert done.returncode == 0, done
    assert list(scratch.iterdir()) == []
    _gone, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_lesson_without_what_only_the_follower_reads(course: Course) -> None:
    done = atelier("lesson", "07", "--lang", "fr")
    assert done.returncode == 0
    assert done.stdout.startswith("# 07 · ")
    assert "<!-- follow:" not in done.stdout


def test_plain_pytest_judges_too(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "08", {".env.sample": ""})
    done = subprocess.run(
        [
            *(str(WORKSHOP_BIN / "pytest"), str(course.step("08").exercise)),
            *("--project", str(project), "-p", "no:cacheprovider"),
        ],
        cwd=course.root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 5 passed" in done.stdout
    assert "Expected: .env.sample names REDIS_URL" in done.stdout
