"""The TLS listener: what it hands on, whom it refuses, and that it leaves nothing behind."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from atelier.harness.tls import TlsListener
from atelier.heroku.certificate import make_certificate


def no_questions() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port: int) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return no_questions().wrap_socket(plain)


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it reads; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while content := client.recv(65536):
                client.sendall(content)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield int(listener.getsockname()[1])
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_certificate_is_made_once_and_trusted_by_nobody(tmp_path: Path, echo: int) -> None:
    path = make_certificate(tmp_path / "certificate.pem")
    content = path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert make_certificate(path).read_bytes() == content
    listener = TlsListener(echo, path)
    try:
        with (
            socket.create_connection(("127.0.0.1", listener.port), timeout=10) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match="in certificate chain"),
        ):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
        # Who knows the authority is content.
        knows = ssl.create_default_context(
            cadata=content.decode().split("-----BEGIN ", 3)[3].join(["-----BEGIN ", ""])
        )
        with (
            socket.create_connection(("127.0.0.1", listener.port), timeout=10) as plain,
            knows.wrap_socket(plain, server_hostname="localhost") as client,
        ):
            client.sendall(b"hello")
            assert client.recv(5) == b"hello"
    finally:
        listener.stop()


def test_much_goes_both_ways_at_once(echo: int) -> None:
    listener = TlsListener(echo)
    content = bytes(range(256)) * 64 * 1024  # 16 MiB: beyond all buffers on the way
    try:
        with connect(listener.port) as client:
            client.settimeout(None)
            # Python's TLS sockets may be written and read by two threads in turns only.
            client.setblocking(False)
            sent, received = 0, bytearray()
            while len(received) < len(content):
                with contextlib.suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    sent += client.send(content[sent : sent + 65536]) if sent < len(content) else 0
                with contextlib.suppress(ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    received += client.recv(65536)
        assert bytes(received) == content
    finally:
        listener.stop()


def test_one_client_too_many_reads_the_refusal_and_a_place_is_free_again(echo: int) -> None:
    listener = TlsListener(echo, limit=2, refusal=b"-ERR full\r\n")
    try:
        first, second = connect(listener.port), connect(listener.port)
        for client in (first, second):
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        with connect(listener.port) as third:
            third.sendall(b"PING\r\n")
            assert third.recv(100) == b"-ERR full\r\n"
            assert third.recv(100) == b""
        first.close()
        served = False
        for _attempt in range(50):  # its place is free when the listener has read the end
            with connect(listener.port) as another:
                another.sendall(b"x")
                served = another.recv(100) == b"x"
            if served:
                break
        assert served
        second.close()
    finally:
        listener.stop()


def test_clients_that_do_not_speak_tls_stop_nobody(echo: int) -> None:
    listener = TlsListener(echo, limit=1)
    try:
        silent = [socket.create_connection(("127.0.0.1", listener.port)) for _each in range(30)]
        with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as plain:
            plain.sendall(b"PING\r\n")
            with contextlib.suppress(ConnectionError):
                while plain.recv(100):
                    pass  # an alert, then the end
        with connect(listener.port) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
        for each in silent:
            each.close()
    finally:
        listener.stop()


def test_server_that_is_gone_ends_the_client(echo: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    listener = TlsListener(port)
    try:
        with connect(listener.port) as client:
            assert client.recv(1) == b""
        listener.behind = echo
        with connect(listener.port) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
    finally:
        listener.stop()


def test_stop_ends_all_and_frees_the_port(echo: int) -> None:
    before = threading.active_count()
    listener = TlsListener(echo)
    client = connect(listener.port)
    client.sendall(b"x")
    assert client.recv(1) == b"x"
    silent = socket.create_connection(("127.0.0.1", listener.port), timeout=10)
    listener.stop()
    listener.stop()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        assert client.recv(1) == b""
    with contextlib.suppress(ConnectionError):
        assert silent.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=10)
    client.close()
    silent.close()
    TlsListener(echo, port=listener.port).stop()
    assert threading.active_count() <= before + 1  # the echo's own thread for the client


def test_port_that_is_taken_is_said(echo: int) -> None:
    with pytest.raises(OSError):
        TlsListener(echo, port=echo)
