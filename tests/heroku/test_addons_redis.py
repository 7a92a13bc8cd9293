"""`heroku-redis:mini` as an app meets it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, OutOfMemoryError, RedisError

from atelier.heroku.addons import AddOnService, make_service
from tests.heroku.addon_kit import REDIS, port_of, processes_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "la maison d'été" / "add-ons"


@pytest.fixture
def service(folder: Path) -> Iterator[AddOnService]:
    service = make_service(REDIS, folder, "redis-clear-12345")
    yield service
    service.destroy()


def client(url: str) -> Redis:
    return Redis.from_url(f"{url}?ssl_cert_reqs=none", socket_timeout=10)


def test_it_answers_over_tls_with_its_password_alone(service: AddOnService) -> None:
    assert not service.running
    url = service.start()
    assert service.running
    assert service.config_var == "REDIS_URL"
    assert url.startswith("rediss://:")
    with client(url) as redis:
        assert redis.ping()
    stranger = Redis(port=port_of(url), ssl=True, ssl_cert_reqs="none")
    with stranger, pytest.raises(RedisError, match=r"(?i)auth"):
        stranger.ping()
    with pytest.raises(RedisConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        Redis.from_url(url).ping()


def test_twentyfirst_client_is_refused(service: AddOnService) -> None:
    url = service.start()
    clients = [client(url) for _number in range(20)]
    for each in clients:
        assert each.ping()
    with client(url) as another, pytest.raises(RedisError, match="max number of clients reached"):
        another.ping()
    assert clients[0].ping()
    for each in clients:
        each.close()


def test_what_does_not_fit_is_refused(service: AddOnService) -> None:
    with client(service.start()) as redis:
        with pytest.raises(OutOfMemoryError):
            for number in range(30):
                redis.set(f"key-{number}", b"x" * 1024 * 1024)
        assert redis.delete("key-0") == 1  # room can be made
        with pytest.raises(RedisError):
            redis.set("key", b"x" * 26 * 1024 * 1024)
        assert redis.ping()


@pytest.mark.parametrize("command", ["SHUTDOWN", "CONFIG SET maxmemory 0", "SAVE", "SYNC"])
def test_app_may_not_change_the_server(service: AddOnService, command: str) -> None:
    with client(service.start()) as redis:
        with pytest.raises(NoPermissionError):
            redis.execute_command(*command.split())
        assert redis.info()["maxmemory"] == 25 * 1024 * 1024


def test_data_and_address_outlive_a_stop(service: AddOnService, folder: Path) -> None:
    url = service.start()
    assert service.start() == url
    with client(url) as redis:
        redis.lpush("celery", "message")
    service.stop()
    service.stop()
    assert not service.running
    assert processes_in(folder) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port_of(url)))
    again = make_service(REDIS, folder, "redis-clear-12345")
    assert again.start() == url
    with client(url) as redis:
        assert redis.lrange("celery", 0, -1) == [b"message"]
    again.stop()


def test_port_taken_meanwhile_gives_another_address(service: AddOnService) -> None:
    url = service.start()
    with client(url) as redis:
        redis.set("key", "value")
    service.stop()
    with socket.create_server(("127.0.0.1", port_of(url))):
        other = service.start()
        assert port_of(other) != port_of(url)
        with client(other) as redis:
            assert redis.get("key") == b"value"


def test_server_killed_is_seen_and_started_again(service: AddOnService, folder: Path) -> None:
    url = service.start()
    with client(url) as redis:
        redis.set("key", "value")
    for found in processes_in(folder):
        process = psutil.Process(int(found.split()[0]))
        process.kill()
        psutil.wait_procs([process], timeout=10)
    assert not service.running
    assert service.start() == url
    with client(url) as redis:
        assert redis.get("key") == b"value"


def test_destroyed_it_leaves_nothing(service: AddOnService, folder: Path) -> None:
    url = service.start()
    other = make_service(REDIS, folder, "redis-round-1")
    with client(other.start()) as redis:
        redis.set("key", "value")
        service.destroy()
        service.destroy()
        assert redis.get("key") == b"value"
    other.destroy()
    assert processes_in(folder) == []
    assert list(folder.iterdir()) == []
    assert service.start() != url
    service.destroy()
