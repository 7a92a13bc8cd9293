"""Dynos and the router: what starts, crashes, is restarted, stopped, and reached."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from werkzeug.test import Client, TestResponse

from atelier.harness.deadline import Deadline
from atelier.harness.family import TOKEN
from atelier.heroku.api import make_api
from atelier.heroku.dynos import Pace
from atelier.heroku.front_door import FrontDoor
from atelier.heroku.logs import Filter
from atelier.heroku.router import Router
from tests.heroku.platform_kit import QUICK, SERVE, WITHIN, Desk, running

APP = "shop-one"
UP = "State changed from starting to up"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A platform with one app."""
    with running(tmp_path / "ho mé") as desk:
        desk.create(APP)
        yield desk


def visit(
    desk: Desk, path: str = "/", *, first_byte: float = 30.0, host: str = f"{APP}.localhost"
) -> TestResponse:
    """Ask the router."""
    door = FrontDoor(make_api(desk.platform), Router(desk.platform, first_byte))
    return Client(door).get(path, base_url=f"http://{host}:4999")


def scale(desk: Desk, **quantities: int) -> None:
    updates = [{"type": kind, "quantity": number} for kind, number in quantities.items()]
    answer = desk.ask("PATCH", f"/apps/{APP}/formation", {"updates": updates})
    assert answer.status_code == 200, answer.text


def processes_of(desk: Desk) -> list[psutil.Process]:
    """Return the processes of the dynos of a platform."""
    found = []
    for process in psutil.process_iter():
        try:
            token = process.environ().get(TOKEN, "")
            ours = token.startswith(f"heroku-{desk.platform.id}-")
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


# The router


def test_router_passes_requests_on(desk: Desk) -> None:
    desk.deploy(APP, {"web": SERVE}, {"hello.txt": "hello"})
    answer = visit(desk, "/hello.txt")
    assert (answer.status_code, answer.text) == (200, "hello")
    line = desk.wait_for_line(APP, 'at=info method=GET path="/hello.txt"')
    assert (line.source, line.process) == ("heroku", "router")
    assert "dyno=web.1" in line.text
    assert "status=200 bytes=5 protocol=http" in line.text


def test_no_web_dyno_is_h14(desk: Desk) -> None:
    answer = visit(desk)
    assert answer.status_code == 503
    assert "H14" in answer.text
    assert 'at=error code=H14 desc="No web processes running"' in desk.lines(APP)[-1].text


def test_crashed_app_is_h10(tmp_path: Path) -> None:
    with running(tmp_path, Pace(restart=1000.0)) as desk:
        desk.create(APP)
        desk.deploy(APP, {"web": "exit 3"})
        for _each in range(2):  # the first restart comes at once, the second one late
            line = desk.wait_for_line(APP, "Process exited with status 3")
            desk.wait_for_line(APP, "to crashed", after=line.number)
        assert "H10" in visit(desk).text
        assert 'code=H10 desc="App crashed"' in desk.lines(APP)[-1].text


def test_slow_answer_is_h12(desk: Desk) -> None:
    code = (
        "import os, socket, time; s = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))"
    )
    desk.deploy(APP, {"web": f'exec python3 -c "{code}; time.sleep(1000)"'})
    answer = visit(desk, first_byte=0.5)
    assert answer.status_code == 503
    assert "H12" in answer.text


def test_unknown_app_and_foreign_host(desk: Desk) -> None:
    assert visit(desk, host="other.localhost").status_code == 404
    assert visit(desk, host="evil.example.org").status_code == 421
    assert visit(desk, "/apps", host="localhost").status_code == 401


def test_request_waits_for_a_dyno_that_starts(desk: Desk) -> None:
    desk.deploy(APP, {"web": f"sleep 0.5; {SERVE}"}, {"a": "b"})
    assert visit(desk, "/a").text == "b"


# Dynos


def test_environment_is_the_config_vars_and_nothing_of_ours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    desk.ask("PATCH", f"/apps/{APP}/config-vars", {"A": "1", "PORT": "80"})
    desk.deploy(APP, {"worker": "env; echo end; exec sleep 1000"})
    scale(desk, worker=1)
    desk.wait_for_print(APP, "end")
    text = [line.text for line in desk.lines(APP, Filter("app", "worker"))]
    names = {line.partition("=")[0] for line in text}
    assert {"A", "PORT", "DYNO", "HOME", "PATH", "TMPDIR"} <= names
    assert "SECRET_OF_THE_USER" not in names
    assert "PORT=80" not in text
    assert "DYNO=worker.1" in text


def test_file_system_is_fresh_at_each_start(desk: Desk) -> None:
    desk.deploy(APP, {"worker": "ls -A; touch made; echo done; exec sleep 1000"}, {"given": ""})
    scale(desk, worker=1)
    first = desk.wait_for_print(APP, "done")
    desk.ask("DELETE", f"/apps/{APP}/dynos/worker.1")
    desk.wait_for_line(APP, "done", first.number, Filter("app", "worker"))
    printed = [line.text for line in desk.lines(APP, Filter("app", "worker"))]
    assert printed == ["given", "done"] * 2


def test_crash_is_restarted_at_once_then_later(desk: Desk) -> None:
    desk.deploy(APP, {"worker": "exit 7"})
    scale(desk, worker=1)
    after = 0
    for _each in range(3):
        after = desk.wait_for_line(APP, "Process exited with status 7", after).number
        after = desk.wait_for_line(APP, "State changed from crashed to starting", after).number


def test_delays_grow(desk: Desk) -> None:
    from atelier.heroku.dynos import Dyno, Ground, Order

    order = Order("web.1", "x", {}, Path("/"), "id", 1)
    live = desk.platform.live(APP)
    dyno = Dyno(order, Ground("id", Path("/"), live.log, Pace()), lambda: None)
    delays = [dyno._delay(crashes) for crashes in (1, 2, 3, 4, 9, 5000)]
    assert delays == [0.0, 10.0, 20.0, 40.0, 1200.0, 1200.0]


def test_stop_is_sigterm_to_every_process(desk: Desk) -> None:
    wait = "while :; do sleep 0.05; done"
    nested = f"(trap 'echo child ends; exit 0' TERM; echo child waits; {wait}) & "
    desk.deploy(APP, {"worker": f"trap 'exit 0' TERM; {nested} {wait}"})
    scale(desk, worker=1)
    desk.wait_for_print(APP, "child waits")
    scale(desk, worker=0)
    desk.wait_for_line(APP, "Stopping all processes with SIGTERM")
    desk.wait_for_print(APP, "child ends")
    wait_until_none(desk)


def test_what_does_not_end_is_killed(desk: Desk) -> None:
    desk.deploy(APP, {"worker": "trap '' TERM; echo deaf; while :; do sleep 0.05; done"})
    scale(desk, worker=1)
    desk.wait_for_print(APP, "deaf")
    scale(desk, worker=0)
    desk.wait_for_line(APP, "Error R12 (Exit timeout)")
    desk.wait_for_line(APP, "Process exited with status 137")
    wait_until_none(desk)


def test_daemons_end_with_their_dyno(desk: Desk) -> None:
    code = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(1000)"
    desk.deploy(
        APP, {"worker": f'{shlex.quote(sys.executable)} -c "{code}"; echo left; exec sleep 1000'}
    )
    scale(desk, worker=1)
    desk.wait_for_print(APP, "left")
    assert len(processes_of(desk)) == 2
    scale(desk, worker=0)
    wait_until_none(desk)


def wait_until_none(desk: Desk) -> None:
    deadline = Deadline(WITHIN)
    while processes_of(desk):
        assert not deadline.over, processes_of(desk)


def test_web_that_does_not_listen_is_r10(tmp_path: Path) -> None:
    with running(tmp_path, Pace(boot=0.3, grace=1.0)) as desk:
        desk.create(APP)
        desk.deploy(APP, {"web": "exec sleep 1000"})
        desk.wait_for_line(APP, "Error R10 (Boot timeout)")


def test_endless_output_is_capped_and_the_platform_answers(desk: Desk) -> None:
    desk.deploy(APP, {"worker": "exec yes 'a very long story'", "flat": "exec cat /dev/zero"})
    scale(desk, worker=1, flat=1)
    desk.wait_for_line(APP, "Error L10 (output buffer overflow)")
    assert len(desk.get(f"/apps/{APP}/dynos")) == 2
    assert len(desk.lines(APP)) <= 1500
    scale(desk, worker=0, flat=0)
    wait_until_none(desk)


def test_metacharacters_do_what_a_shell_does(desk: Desk, tmp_path: Path) -> None:
    desk.deploy(
        APP, {"worker": 'echo "a;b" | tr a-z A-Z && echo $(( 1 + 1 )) > two; cat two; exit 0'}
    )
    scale(desk, worker=1)
    desk.wait_for_print(APP, "A;B")
    desk.wait_for_print(APP, "2")


def test_largest_file_is_capped(desk: Desk) -> None:
    desk.deploy(APP, {"worker": "truncate -s 2G big; echo then $?; exec sleep 1000"})
    scale(desk, worker=1)
    line = desk.wait_for_print(APP, "then")
    assert line.text != "then 0"


# The platform is killed


def test_killed_platform_starts_again_with_all_it_had(tmp_path: Path) -> None:
    home = tmp_path / "ho mé"
    code = (
        "import sys, time; from pathlib import Path; "
        "from tests.heroku.platform_kit import running, SERVE; "
        "manager = running(Path(sys.argv[1])); desk = manager.__enter__(); "
        "desk.create('shop-one'); "
        "desk.ask('PATCH', '/apps/shop-one/config-vars', {'A': '1'}); "
        "desk.deploy('shop-one', {'web': SERVE, 'worker': 'exec sleep 1000'}); "
        "desk.wait_for_line('shop-one', 'to up'); print('ready', flush=True); time.sleep(1000)"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(home)],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    former = [p for p in psutil.Process(process.pid).children(recursive=True) if p.is_running()]
    assert former
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (home / "builds" / "half").mkdir()
    with running(home, QUICK) as desk:
        assert not [p for p in former if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        assert desk.get(f"/apps/{APP}/config-vars") == {"A": "1"}
        assert [r["version"] for r in desk.get(f"/apps/{APP}/releases")] == [1, 2, 3, 4]
        desk.wait_for_line(APP, UP)
        assert [d["name"] for d in desk.get(f"/apps/{APP}/dynos")] == ["web.1"]
        assert not list((home / "builds").iterdir())


def test_only_one_platform_in_a_home(tmp_path: Path) -> None:
    from atelier.heroku.platform import AlreadyRunning, Platform

    with running(tmp_path / "home"), pytest.raises(AlreadyRunning):
        Platform(tmp_path / "home")


def test_deploys_at_once_leave_one_release_live(desk: Desk) -> None:
    threads = [
        threading.Thread(target=desk.deploy, args=(APP, {"worker": f"exec sleep 100{n}"}))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    releases = desk.get(f"/apps/{APP}/releases")
    assert [r["version"] for r in releases if r["current"]] == [6]
