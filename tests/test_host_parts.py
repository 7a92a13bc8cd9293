"""What the harness needs to run a project as a host does, and to hold it up where it matters."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import threading
from pathlib import Path

import pytest

from atelier.git import git
from atelier.harness.deadline import Deadline
from atelier.harness.source import Source
from atelier.harness.sqlite import HeldCommits
from atelier.harness.tls import TlsListener
from atelier.verdicts import NotYet


def test_commits_are_held_up_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE products (name)")
    database.close()
    committed = threading.Event()

    def write() -> None:
        writer = sqlite3.connect(path)
        writer.execute("INSERT INTO products VALUES ('lamp')")
        writer.commit()
        writer.close()
        committed.set()

    with HeldCommits(path) as held:
        assert not held.wait_for_commit(Deadline(0.05))
        threading.Thread(target=write, daemon=True).start()
        assert held.wait_for_commit(Deadline(3))
        assert not committed.is_set()
    assert committed.wait(5)


def test_tls_listener_hands_on_both_ways() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = TlsListener(server.getsockname()[1])
        context = ssl.create_default_context()
        with (
            socket.create_connection(("127.0.0.1", listener.port), timeout=5) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname="127.0.0.1")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        content = bytes(range(256)) * 1024  # more than one record, and than one read
        with (
            socket.create_connection(("127.0.0.1", listener.port), timeout=5) as plain,
            context.wrap_socket(plain) as client,
        ):
            behind, _address = server.accept()
            with behind:
                behind.settimeout(5)
                threading.Thread(target=client.sendall, args=(content,), daemon=True).start()
                received = b""
                while len(received) < len(content):
                    received += behind.recv(65536)
                behind.sendall(b"thanks")
                assert client.recv(100) == b"thanks"
        assert received == content
        listener.stop()


def test_procfile_is_read_as_a_host_reads_it(tmp_path: Path) -> None:
    source = Source(tmp_path, None)
    with pytest.raises(NotYet):
        source.procfile()
    (tmp_path / "Procfile").write_text(
        "# web: no\nweb: gunicorn wsgi:app\n\nworker:celery -A tasks.celery worker \nno\nx:\n"
    )
    assert source.procfile() == {
        "web": "gunicorn wsgi:app",
        "worker": "celery -A tasks.celery worker",
    }


def test_files_that_are_not_committed(tmp_path: Path) -> None:
    source = Source(tmp_path, None)
    names = ("Procfile", "Pipfile", "Pipfile.lock")
    for name in names:
        (tmp_path / name).write_text(name)
    assert source.not_committed(*names) == list(names)  # no repository at all

    git(tmp_path, "init", "--quiet", "--template=")
    git(tmp_path, "add", "Procfile", "Pipfile")
    assert source.not_committed(*names) == list(names)  # added, and in no commit
    git(tmp_path, "commit", "--quiet", "--message", "x")
    assert source.not_committed(*names) == ["Pipfile.lock"]
    (tmp_path / "Pipfile").write_text("changed")
    assert source.not_committed(*names) == ["Pipfile", "Pipfile.lock"]


def test_lock_that_cannot_be_read_installs_nothing(tmp_path: Path) -> None:
    source = Source(tmp_path, None)
    for text in ("", "[]", '{"default": 3}', '{"develop": {}}'):
        (tmp_path / "Pipfile.lock").write_text(text)
        assert source.locked() == {}
