"""What an unlucky or a dishonest project could do to a check, and must not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from atelier.course import Course
from atelier.harness.environment import read_dotenv
from atelier.harness.interpreter import Interpreter, own_interpreter
from atelier.harness.source import Source
from atelier.harness.world import World
from atelier.verdicts import NotYet, Verdict
from tests.projects import WORKSHOP_BIN, atelier, finding, judge, make_project


def test_dotenv_that_is_a_link_is_not_written_through(course: Course, tmp_path: Path) -> None:
    real = tmp_path / "real.env"
    real.write_text("FLASK_RUN_PORT=8000\nREDIS_URL=redis://localhost:6379\n")
    before = real.read_bytes()
    project = make_project(course, tmp_path / "shop", "08", {".env": None})
    (project / ".env").symlink_to(real)

    report = judge(course, project, "08")

    assert report.verdict is Verdict.PASS, report
    assert real.read_bytes() == before


def test_linked_and_closed_folders(course: Course, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("theirs")
    outside.chmod(0o644)
    project = make_project(course, tmp_path / "shop", "08")
    closed = project / "closed"
    closed.mkdir()
    (closed / "link").symlink_to(outside)
    (closed / "loop").symlink_to(closed)
    (project / "gone").symlink_to(project / "nowhere")
    os.mkfifo(project / "pipe")
    closed.chmod(0o555)
    try:
        report = judge(course, project, "08")
    finally:
        closed.chmod(0o755)

    assert report.verdict is Verdict.PASS, report
    assert outside.stat().st_mode & 0o777 == 0o644


def test_settings_of_the_learner_s_shell_do_not_turn_ours(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "09")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "redis.py").write_text("raise SystemExit('theirs, in our process')")
    env = {
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "PYTEST_ADDOPTS": "-k nothing",
        "PYTHONPATH": str(tmp_path / "elsewhere"),
        "GIT_DIR": str(tmp_path / "nowhere"),
        "FLASK_APP": "nothing",
    }

    done = atelier("check", "09", "--project", str(project), env=env)

    assert done.returncode == 0, done
    assert "All 3 criteria are met." in done.stdout


def test_every_address_of_a_redis_in_dotenv_becomes_ours(course: Course, tmp_path: Path) -> None:
    lines = "REDIS_URL=redis://localhost:6379\nBACKEND=${REDIS_URL}/3\nCACHE=rediss://cache:1\n"
    project = make_project(course, tmp_path / "shop", "08", {".env": lines})
    with World(Source(project, own_interpreter())) as world:
        url = world.redis_server.url
        assert [world.env[name] for name in ("REDIS_URL", "BACKEND", "CACHE")] == [url] * 3
        assert read_dotenv(world.root / ".env") == {"REDIS_URL": url, "BACKEND": url, "CACHE": url}


def test_the_learner_s_own_configuration_stays_at_home(course: Course, tmp_path: Path) -> None:
    theirs = "celery: {broker_url: 'redis://localhost:6379'}"
    changes = {
        ".env": "REDIS_URL=redis://a\nFLASK_CONFIG=/their/own.yaml\n",
        "secrets/api-config.yaml": theirs,
    }
    project = make_project(course, tmp_path / "shop", "08", changes)
    with World(Source(project, own_interpreter()), redis=False) as world:
        assert not (world.root / "secrets").exists()
        assert world.env["FLASK_CONFIG"] == ""
        assert read_dotenv(world.root / ".env")["FLASK_CONFIG"] == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_dotenv_as_editors_save_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_bytes("A=1\nB='é ${A}'\n".encode(encoding))
    assert read_dotenv(tmp_path / ".env")["A"] == "1"


def test_word_ready_in_the_output_is_no_ready_worker(course: Course, tmp_path: Path) -> None:
    tasks = course.tree(course.step("10"))["tasks.py"].decode()
    noisy = 'print("[shop] app ready.\\n[tasks]\\n  . tasks.forged")\n' + tasks
    project = make_project(course, tmp_path / "shop", "10", {"tasks.py": noisy})
    assert judge(course, project, "10").verdict is Verdict.PASS


FORGED = """

import base64, json, threading, time

def forge(task_id, total):
    time.sleep(0.5)
    meta = {"status": "SUCCESS", "result": total, "traceback": None, "task_id": task_id}
    celery.backend.client.set("celery-task-meta-" + task_id, json.dumps(meta))

@celery.task(ignore_result=True)
def very_slow_add(a, b):
    if isinstance(b, str):
        raise TypeError
    return None

real_delay = very_slow_add.delay

def delay(a, b):
    sent = real_delay(a, b)
    if not isinstance(b, str):
        threading.Thread(target=forge, args=(sent.id, a + b)).start()
    return sent

very_slow_add.delay = delay
"""


def test_result_that_no_worker_computed_does_not_pass(course: Course, tmp_path: Path) -> None:
    tasks = course.tree(course.step("09"))["tasks.py"].decode() + FORGED
    project = make_project(course, tmp_path / "shop", "10", {"tasks.py": tasks})

    found = finding(judge(course, project, "10"), "delay_waits_for_the_worker")

    assert found.verdict is Verdict.FAIL


def test_project_that_moved_says_what_to_type(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "08")
    (project / ".venv").unlink()
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to(own_interpreter().python)
    script = project / ".venv" / "bin" / "celery"
    script.write_text("#!/nowhere/bin/python\n")
    script.chmod(0o755)
    with (
        World(Source(project, Interpreter(project / ".venv" / "bin"))) as world,
        pytest.raises(NotYet) as error,
    ):
        world.run("celery", "worker")
    assert "/nowhere/bin/python" in (error.value.seen or "")


def test_reader_that_goes_away_sees_no_traceback(course: Course, tmp_path: Path) -> None:
    project = make_project(course, tmp_path / "shop", "08")
    command = f'"{WORKSHOP_BIN}/atelier" check 08 --project "{project}" | head -1'
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "Error" not in done.stderr
