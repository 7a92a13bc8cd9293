"""Plans, names, and what a platform that was killed leaves behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from redis import Redis

from atelier.harness.postgres_programs import program_folders
from atelier.heroku.addons import (
    PLANS,
    AddOnService,
    UnknownPlan,
    end_left_over,
    full_plan,
    make_service,
    remove_all,
)
from tests.heroku.addon_kit import POSTGRESQL, REDIS, ask, places_of, processes_in

_PLATFORM = """\
import sys
from pathlib import Path
from atelier.heroku.addons import PLANS, make_service
services = [make_service(plan, Path(sys.argv[1]), f"name-{n}") for n, plan in enumerate(PLANS)]
print(*[service.start() for service in services], flush=True)
sys.stdin.read()
"""


def services(folder: Path) -> list[AddOnService]:
    return [make_service(plan, folder, f"name-{n}") for n, plan in enumerate(PLANS)]


@pytest.mark.parametrize("plan", ["heroku-redis:premium-0", "heroku-redis:", "", "é", "mini"])
def test_unknown_plan_is_refused_in_heroku_s_words(tmp_path: Path, plan: str) -> None:
    with pytest.raises(UnknownPlan, match=f'add-on plan of "{plan}"'):
        make_service(plan, tmp_path, "name")


def test_service_alone_means_its_plan(tmp_path: Path) -> None:
    assert full_plan("heroku-redis") == REDIS
    assert make_service("heroku-postgresql", tmp_path, "name").plan == POSTGRESQL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "-a", "A", "é", "a" * 64, "a\n"])
def test_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        make_service(REDIS, tmp_path, name)


@pytest.mark.skipif(next(program_folders(), None) is None, reason="no PostgreSQL")
def test_platform_killed_at_once_is_taken_up_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "la maison d'été" / "add-ons"
    platform = subprocess.Popen(
        [sys.executable, "-c", _PLATFORM, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert platform.stdout is not None
        redis_url, database_url = platform.stdout.readline().split()
        with Redis.from_url(f"{redis_url}?ssl_cert_reqs=none") as redis:
            redis.set("key", "value")
        ask(database_url, "CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
        former = processes_in(*places_of(folder))
        assert former
        platform.send_signal(signal.SIGKILL)
        platform.wait()

        now = services(folder)
        assert [service.start() for service in now] == [redis_url, database_url]
        alive = [pid for pid in former if psutil.pid_exists(int(pid.split()[0]))]
        assert not set(alive) & set(processes_in(*places_of(folder)))
        with Redis.from_url(f"{redis_url}?ssl_cert_reqs=none") as redis:
            assert redis.get("key") == b"value"
        assert ask(database_url, "TABLE t").stdout == "42\n"
        for service in now:
            service.stop()
    finally:
        platform.kill()
        platform.communicate()
        places = places_of(folder)
        remove_all(folder)
    assert processes_in(*places) == []
    assert not any(place.exists() for place in places)


def test_left_over_servers_end_and_a_shell_in_the_folder_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "add-ons"
    service = make_service(REDIS, folder, "redis-clear-1")
    service.start()
    shell = subprocess.Popen(["sleep", "600"], cwd=folder)
    try:
        end_left_over(folder)
        assert not service.running
        assert shell.poll() is None
    finally:
        shell.kill()
        shell.wait()
        service.destroy()


@pytest.mark.skipif(next(program_folders(), None) is None, reason="no PostgreSQL")
def test_many_at_once_start_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "add-ons"
    errors: list[BaseException] = []

    def live(number: int) -> None:
        service = make_service((REDIS, POSTGRESQL)[number % 2], folder, f"name-{number}")
        try:
            for _time in range(2):
                service.start()
                service.stop()
            service.destroy()
        except BaseException as error:  # told by the test
            errors.append(error)

    threads = [threading.Thread(target=live, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    places = places_of(folder)
    remove_all(folder)
    assert errors == []
    assert processes_in(*places) == []


def test_nothing_to_remove_is_no_error(tmp_path: Path) -> None:
    remove_all(tmp_path / "nothing")
    end_left_over(tmp_path / "nothing")
