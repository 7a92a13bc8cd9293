"""`heroku-postgresql:essential-0` as an app meets it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from atelier.harness.postgres_programs import is_root, program_folders
from atelier.heroku.addons import AddOnService, make_service, remove_all
from atelier.heroku.addons.cluster import Cluster, cluster_place
from tests.heroku.addon_kit import (
    POSTGRESQL,
    ask,
    open_folder,
    places_of,
    port_of,
    processes_in,
    psql,
)

pytestmark = pytest.mark.skipif(
    next(program_folders(), None) is None, reason="no PostgreSQL for this machine"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "la maison d'été" / "add-ons"
    yield folder
    places = places_of(folder)
    remove_all(folder)
    assert not any(place.exists() for place in places)
    assert processes_in(*places) == []


@pytest.fixture(scope="module")
def busy_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Add-ons whose server is up already: to make one takes over a second."""
    folder = tmp_path_factory.mktemp("la maison d'été") / "add-ons"
    make_service(POSTGRESQL, folder, "postgresql-other-0").start()
    yield folder
    remove_all(folder)


@pytest.fixture
def joining(busy_folder: Path) -> Iterator[AddOnService]:
    service = make_service(POSTGRESQL, busy_folder, "postgresql-clear-1")
    yield service
    service.destroy()


@pytest.fixture
def service(folder: Path) -> AddOnService:
    return make_service(POSTGRESQL, folder, "postgresql-clear-1")


def test_app_has_a_database_of_its_own(joining: AddOnService) -> None:
    assert not joining.running
    url = joining.start()
    assert joining.running
    assert joining.config_var == "DATABASE_URL"
    assert url.startswith("postgres://")
    answer = ask(url, "CREATE TABLE t (name text); INSERT INTO t VALUES ('été'); TABLE t;")
    assert (answer.stdout, answer.stderr) == ("été\n", "")
    rights = ask(url, "SELECT usename, usesuper FROM pg_user WHERE usename = current_user").stdout
    assert rights == f"{urlsplit(url).username}|f\n"
    assert "permission denied" in ask(url, "CREATE DATABASE more").stderr
    assert "permission denied" in ask(url, "COPY t FROM PROGRAM 'id'").stderr


def test_wrong_password_and_the_database_of_another_are_refused(
    joining: AddOnService, busy_folder: Path
) -> None:
    url = joining.start()
    password = urlsplit(url).password or ""
    assert "password authentication" in ask(url.replace(password, "wrong"), "SELECT 1").stderr
    other = make_service(POSTGRESQL, busy_folder, "postgresql-round-2").start()
    assert port_of(other) == port_of(url)
    for database in (urlsplit(other).path, "/postgres", "/template1"):
        foreign = url.replace(urlsplit(url).path, database)
        assert "permission denied for database" in ask(foreign, "SELECT 1").stderr


def test_twentyfirst_connection_is_refused(joining: AddOnService) -> None:
    url = joining.start()
    with ExitStack() as stack:
        for _number in range(20):
            client = stack.enter_context(
                subprocess.Popen(
                    psql(url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            assert client.stdin is not None and client.stdout is not None
            client.stdin.write("SELECT 'here';\n")
            client.stdin.flush()
            assert client.stdout.readline() == "here\n"
        assert "too many connections for role" in ask(url, "SELECT 1").stderr
    assert ask(url, "SELECT 1").stdout == "1\n"


def test_data_and_address_outlive_a_stop(service: AddOnService, folder: Path) -> None:
    url = service.start()
    assert service.start() == url
    ask(url, "CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
    other = make_service(POSTGRESQL, folder, "postgresql-round-2")
    other.start()
    service.stop()
    service.stop()
    assert (service.running, other.running) == (False, True)
    other.stop()
    assert processes_in(*places_of(folder)) == []
    assert "refused" in ask(url, "SELECT 1").stderr
    assert service.start() == url
    assert ask(url, "TABLE t").stdout == "42\n"


def test_server_killed_is_seen_and_started_again(service: AddOnService, folder: Path) -> None:
    url = service.start()
    ask(url, "CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
    killed = []
    for found in processes_in(*places_of(folder)):
        process = psutil.Process(int(found.split()[0]))
        process.kill()
        killed.append(process)
    psutil.wait_procs(killed, timeout=10)
    assert not service.running
    assert service.start() == url
    assert ask(url, "TABLE t").stdout == "42\n"


def test_making_it_was_interrupted(service: AddOnService, folder: Path) -> None:
    service.start()
    service.stop()
    place = cluster_place(folder)
    (place / "data").rename(place / "data.new")  # as a kill in the middle leaves it
    assert ask(service.start(), "SELECT 1").stdout == "1\n"
    assert not (place / "data.new").exists()


def test_process_id_of_another_program_in_the_lock_file(
    service: AddOnService, folder: Path
) -> None:
    service.start()
    service.stop()
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        lock_file = cluster_place(folder) / "data" / "postmaster.pid"
        lock_file.write_text(f"{stranger.pid}\n/nowhere\n1\n5432\n\n\n\n")
        lock_file.chmod(0o644)
        assert ask(service.start(), "SELECT 1").stdout == "1\n"
    finally:
        stranger.kill()
        stranger.wait()


def test_one_of_two_is_destroyed_then_the_other(service: AddOnService, folder: Path) -> None:
    url = service.start()
    other = make_service(POSTGRESQL, folder, "postgresql-round-2")
    kept = other.start()
    service.stop()
    service.destroy()  # stopped, and its database goes all the same
    service.destroy()
    assert "password authentication" in ask(url, "SELECT 1").stderr
    assert ask(kept, "SELECT count(*) FROM pg_database WHERE datname ~ '^d'").stdout == "1\n"
    places = places_of(folder)
    other.destroy()
    assert processes_in(*places) == []
    assert list(folder.iterdir()) == []
    assert service.start() != url


@pytest.mark.skipif(not is_root(), reason="for root, whose folder the server may not enter")
def test_place_of_its_own_for_root_goes_with_the_last_database(
    service: AddOnService, folder: Path
) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    service.start()
    place = cluster_place(folder)
    assert not place.is_relative_to(folder)
    assert place.stat().st_mode & 0o077 == 0
    service.destroy()
    assert not place.exists()


@pytest.mark.skipif(not is_root(), reason="for root, whose folder the server may not enter")
def test_place_of_a_temporary_folder_that_is_gone_is_removed_by_the_next(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    gone, away, next_one = tmp_path / "temporary" / "gone", folder / "away", folder / "next"
    places = {}
    for each in (gone, away, next_one):
        each.mkdir(parents=True, mode=0o700)
        cluster = Cluster.of(each)
        if each is next_one:
            shutil.rmtree(gone)
            shutil.rmtree(away)
        cluster.use("somebody")
        cluster.leave("somebody")
        places[each] = cluster_place(each)
    assert not places[gone].exists()
    assert places[away].exists()
    for each in (away, next_one):
        shutil.rmtree(places[each])
        places[each].with_name(f"{places[each].name}.of").unlink()


def test_home_that_everybody_may_enter_holds_the_data() -> None:
    with open_folder() as home:
        folder = home / "add-ons"
        service = make_service(POSTGRESQL, folder, "postgresql-clear-1")
        try:
            assert ask(service.start(), "SELECT 1").stdout == "1\n"
            assert cluster_place(folder).is_relative_to(home)
        finally:
            remove_all(folder)
        assert processes_in(home) == []
