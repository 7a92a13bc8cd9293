"""Ports that are kept while a server of ours comes and goes."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

from atelier.harness import ports
from atelier.harness.ports import HeldPort


def listen(port: int) -> socket.socket:
    """Listen as a server does. Raises OSError."""
    return socket.create_server(("127.0.0.1", port))


def refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@pytest.fixture
def held() -> Iterator[HeldPort]:
    port = HeldPort()
    yield port
    port.release()


@pytest.mark.parametrize("shared", [True, False])
def test_a_server_comes_goes_and_comes_again(
    shared: bool, held: HeldPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared and not ports.can_share():
        pytest.skip("this system lets no server join a port that is kept")
    monkeypatch.setattr(ports, "can_share", lambda: shared)
    for _life in range(2):
        assert refused(held.number)
        held.lend()
        with listen(held.number):
            assert not refused(held.number)
        held.take_back()
    assert refused(held.number)


def test_nobody_else_is_given_a_port_that_is_kept(held: HeldPort) -> None:
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", held.number))


def test_between_two_lives_it_may_be_lost_only_where_it_cannot_be_shared(
    held: HeldPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "can_share", lambda: False)
    held.lend()
    with listen(held.number), pytest.raises(OSError, match="in use"):
        held.take_back()


def test_it_is_let_go(held: HeldPort) -> None:
    held.release()
    with socket.socket() as other:
        other.bind(("127.0.0.1", held.number))
