"""What a family started is found and ended, also what hides."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from atelier.harness.deadline import Deadline
from atelier.harness.family import TOKEN, Family, become_subreaper
from atelier.harness.ports import HeldPort, listens
from atelier.harness.redis_server import server_binary

# A shell with job control, as in a terminal: what it runs is in a group of its own.
SHELL = "set -m; {server} --port {port} --bind 127.0.0.1 --save '' & echo $!; wait"


@pytest.mark.skipif(not become_subreaper(), reason="orphans cannot be found on this system")
def test_an_orphan_that_carries_no_token_is_ended(tmp_path: Path) -> None:
    held = HeldPort()
    held.lend()
    family = Family()
    with (tmp_path / "output").open("wb") as output:
        command = SHELL.format(server=server_binary(), port=held.number)
        env = {"PATH": os.defpath, "LC_ALL": "C"}
        shell = family.start(["bash", "-c", command], cwd=tmp_path, env=env, output=output.fileno())
    deadline = Deadline(20.0)
    while not (there := listens(held.number)) and not deadline.over:
        with pytest.raises(subprocess.TimeoutExpired):
            shell.wait(0.02)
    assert there
    server = psutil.Process(int((tmp_path / "output").read_text().split()[0]))
    assert TOKEN not in server.environ()  # its title stands over it
    try:
        os.kill(shell.pid, 9)
        shell.wait(5.0)
        assert server.ppid() == os.getpid()
        family.end()
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            server.kill()
        held.release()
