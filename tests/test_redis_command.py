"""`atelier redis`: a server of the learner's own, in the foreground."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from atelier import redis_command
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.ports import free_port
from atelier.harness.process import Process
from atelier.harness.redis_server import READY

WITHIN = 20.0  # seconds, for what takes a fraction of one on a quiet machine
RUN = "import sys; from atelier.redis_command import run_redis; sys.exit(run_redis({port}))"

# Makes the pseudo-terminal on its standard input the one that controls it.
IN_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class Server:
    """`run_redis` in a process of its own, its data in a folder of the test."""

    def __init__(self, family: Family, folder: Path) -> None:
        self.family = family
        self.data = folder / "data"
        self.cwd = folder / "project"
        self.cwd.mkdir()
        self.port = free_port()
        self.env = {"PATH": os.defpath, "HOME": str(folder), "XDG_DATA_HOME": str(self.data)}

    def run(self, code: str = RUN) -> Process:
        """Start it, whatever comes of it."""
        command = [sys.executable, "-c", code.format(port=self.port)]
        return Process(self.family, command, cwd=self.cwd, env=self.env)

    def start(self, code: str = RUN) -> Process:
        """Start it and wait until it answers."""
        process = self.run(code)
        assert process.wait_for(READY, Deadline(WITHIN)), process.output.text
        return process

    def client(self) -> Redis:
        """Return a client for it."""
        return Redis(port=self.port, protocol=2, socket_timeout=5)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that is not started yet."""
    family = Family()
    yield Server(family, tmp_path)
    family.end()


def wait_until_gone(group: int) -> None:
    """Wait until no process of the process group is left."""
    deadline = Deadline(WITHIN)
    while left := [process for process in psutil.process_iter() if is_in(process, group)]:
        assert not deadline.over, left
        time.sleep(0.02)


def is_in(process: psutil.Process, group: int) -> bool:
    try:
        return os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def test_is_the_server_itself_and_says_where_it_is_first(server: Server) -> None:
    process = server.start()
    first, _newline, log = process.output.text.partition("\n")
    assert f"redis://localhost:{server.port}" in first
    assert "Ctrl-C" in first
    assert READY in log
    running = psutil.Process(process.pid)
    assert "redis" in running.name() or "valkey" in running.name()
    listening = [one for one in running.net_connections("tcp") if one.status == "LISTEN"]
    assert {one.laddr for one in listening} == {("127.0.0.1", server.port)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_keeps_its_queue_over_a_clean_stop(server: Server, number: signal.Signals) -> None:
    process = server.start()
    server.client().lpush("celery", "a message")
    os.killpg(process.pid, number)  # as a terminal does: to all that run in it
    assert process.wait(Deadline(WITHIN)) == 0
    wait_until_gone(process.pid)
    server.start()
    assert server.client().lrange("celery", 0, -1) == [b"a message"]


def test_stored_nothing_when_it_is_killed(server: Server) -> None:
    process = server.start()
    server.client().lpush("celery", "a message")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(Deadline(WITHIN)) == -signal.SIGKILL
    wait_until_gone(process.pid)
    server.start()
    assert server.client().llen("celery") == 0


# A shell in between passes SIGHUP on; without one only the terminal tells that it is closed.
@pytest.mark.parametrize("in_shell", [True, False])
def test_stops_and_saves_when_its_terminal_is_closed(server: Server, in_shell: bool) -> None:
    terminal, other_end = os.openpty()
    command = [sys.executable, "-c", RUN.format(port=server.port)]
    if in_shell:
        command = ["/bin/sh", "-i", "-c", f"{shlex.join(command)}; exit $?"]
    process = subprocess.Popen(
        [sys.executable, "-c", IN_ITS_TERMINAL, *command],
        env=server.env,
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
    )
    os.close(other_end)
    group = process.pid
    try:
        printed, deadline = b"", Deadline(WITHIN)
        while READY.encode() not in printed:
            assert select.select([terminal], [], [], deadline.remaining)[0], printed
            printed += os.read(terminal, 4096)
        found = re.search(rb"pid=(\d+)", printed)
        assert found
        group = os.getpgid(int(found[1]))
        server.client().lpush("celery", "a message")
        os.close(terminal)
        wait_until_gone(group)
        process.wait(WITHIN)
    finally:
        for left in {group, process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(left, signal.SIGKILL)
        process.wait()
    server.start()
    assert server.client().llen("celery") == 1


def test_stops_and_saves_when_its_group_is_hung_up(server: Server) -> None:
    process = server.start()
    server.client().lpush("celery", "a message")
    os.killpg(process.pid, signal.SIGHUP)
    assert process.wait(Deadline(WITHIN)) == 0
    wait_until_gone(process.pid)
    server.start()
    assert server.client().llen("celery") == 1


def test_outlives_its_terminal_where_it_was_asked_to(server: Server) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"  # as nohup does
    process = server.start(ignoring + RUN)
    os.killpg(process.pid, signal.SIGHUP)
    assert server.client().ping()
    assert [one.pid for one in psutil.process_iter() if is_in(one, process.pid)] == [process.pid]


def test_its_file_is_in_the_data_folder_one_for_each_port(server: Server) -> None:
    for _time in range(2):
        process = server.start()
        server.client().set("a", 1)
        process.signal(signal.SIGINT)
        process.wait(Deadline(WITHIN))
        assert (server.data / "atelier" / "redis" / str(server.port) / "dump.rdb").is_file()
        server.port = free_port()
        assert list(server.cwd.iterdir()) == []


def test_starts_where_the_locale_is_not_installed(server: Server) -> None:
    server.env |= {"LC_ALL": "xx_YY.UTF-8"}
    server.start()


def test_a_server_that_minds_gets_a_locale_that_is_everywhere(server: Server) -> None:
    server.env |= {"LC_ALL": "xx_YY.UTF-8"}
    stand_in = server.cwd / "redis-server"
    stand_in.write_text('#!/bin/sh\necho "locale: $LC_ALL"\n')
    stand_in.chmod(0o755)
    process = server.run(
        "from atelier import redis_command; from pathlib import Path\n"
        f"redis_command.server_binary = lambda: Path({str(stand_in)!r})\n" + RUN
    )
    assert process.wait(Deadline(WITHIN)) == 0
    assert "locale: C\n" in process.output.text


def test_says_that_a_redis_has_the_port_and_whose_it_is(server: Server) -> None:
    first = server.start()
    second = server.run()
    assert second.wait(Deadline(WITHIN)) == 1
    says = second.output.text
    assert f"Port {server.port} is taken: a Redis server already answers there." in says
    assert f"process {first.pid}." in says
    other = re.search(r"atelier redis --port (\d+) .*redis://localhost:\1", says)
    assert other
    assert "Traceback" not in says
    server.port = int(other[1])
    server.start()


def test_says_that_another_program_has_the_port(server: Server) -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        server.port = listener.getsockname()[1]
        process = server.run()
        assert process.wait(Deadline(WITHIN)) == 1
    says = process.output.text
    assert f"Port {server.port} is taken by another program." in says
    assert f"process {os.getpid()}." in says
    assert not server.data.exists()


def test_a_port_is_free_at_once_after_a_stop(server: Server) -> None:
    process = server.start()
    client = server.client()
    client.ping()  # the server closes this connection, whose port then waits for a minute
    process.signal(signal.SIGINT)
    process.wait(Deadline(WITHIN))
    server.start()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_refuses_what_is_no_port(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert redis_command.run_redis(port) == 2
    assert "A port is a number from 1 to 65535." in capsys.readouterr().err


def test_says_that_a_port_is_for_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_port: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(redis_command, "_bind", refuse)
    assert redis_command.run_redis(80) == 1
    assert "choose one above 1023" in capsys.readouterr().err


def test_says_why_it_cannot_keep_its_file(server: Server) -> None:
    server.data.write_text("not a folder")
    process = server.run()
    assert process.wait(Deadline(WITHIN)) == 1
    assert "Redis cannot be started here" in process.output.text
    assert str(server.data) in process.output.text
    assert "Traceback" not in process.output.text
