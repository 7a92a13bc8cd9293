"""A hundred pushes, scalings and restarts in a row; nothing may be left behind.

The app needs no package, so that what is worn is the platform and not pipenv.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil

from atelier.git import git
from atelier.harness.deadline import Deadline
from atelier.harness.family import Family
from atelier.harness.process import Process
from atelier.heroku.environment import client_environment
from atelier.heroku.places import Places
from atelier.heroku.pythons import OWN
from atelier.heroku.run import settings_of
from script import hear_ctrl_c

WITHIN = 120.0  # seconds, for one push and all that follows from it
FILES = {
    ".python-version": f"{OWN}\n",
    "Pipfile": "[packages]\n",
    "Procfile": "web: exec python3 -m http.server -b 127.0.0.1 $PORT\nworker: exec sleep 1000\n",
}


def main() -> int:
    """Soak, and return 1 when something is left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    hear_ctrl_c()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name).resolve()
        family = Family()
        try:
            return soak(family, folder, rounds)
        finally:
            family.end()


def soak(family: Family, folder: Path, rounds: int) -> int:
    """Run the platform in `folder`, use it, stop it, and count what is left."""
    home = folder / "home"
    command = [sys.executable, "-m", "atelier", "--lang", "en", "heroku", "--home", str(home)]
    platform = Process(family, command, cwd=folder, env=dict(os.environ))
    if not platform.wait_for("local Heroku is up", Deadline(60)):
        print(platform.output.text)
        return 1
    project = make_project(folder / "project")
    port, key = settings_of(Places(home))
    assert port is not None and key is not None
    environment = {**os.environ, **client_environment(Places(home), int(port), key, {})}
    times: list[float] = []
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=WITHIN,
    ) as client:
        client.post("/apps", json={"name": "soak"}).raise_for_status()
        git(project, "remote", "add", "heroku", f"https://localhost:{port}/soak.git")
        for number in range(rounds):
            times.append(one_round(client, project, environment, number))
        server = psutil.Process(platform.pid)
        files, threads = server.num_fds(), server.num_threads()
        running, open_ports = len(server.children(recursive=True)), ports_of(server)
        client.delete("/apps/soak").raise_for_status()
        after = len(server.children(recursive=True))
        ports_left = ports_of(server) - {int(port)}
    platform.signal(signal.SIGINT)
    platform.wait(Deadline(WITHIN))
    # Those of a process that escaped would still be taken; a stopped one's can be had again.
    ports_left |= {each for each in (*open_ports, int(port)) if is_taken(each)}
    places = Places(home)
    left = [
        entry
        for place in (places.dynos, places.builds, places.slugs, places.repositories)
        for entry in place.iterdir()
    ]
    print(f"rounds {rounds}, push to answer: first {times[0]:.2f} s, last {times[-1]:.2f} s")
    print(f"open files {files}, threads {threads}, processes {running}, then {after}")
    print(f"folders left {len(left)}, ports left {len(ports_left)}")
    return 1 if left or after or ports_left else 0


def ports_of(server: psutil.Process) -> set[int]:
    """Return the ports that a process and those below it listen on."""
    found: set[int] = set()
    for process in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            found |= {
                connection.laddr.port
                for connection in process.net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            }
    return found


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_project(folder: Path) -> Path:
    """Make a project that needs no package."""
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, "utf-8")
    subprocess.run(
        [os.environ.get("ATELIER_PIPENV", "pipenv"), "lock"],
        cwd=folder,
        check=True,
        capture_output=True,
        env={
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "PIPENV_IGNORE_VIRTUALENVS": "1",
        },
    )
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "soak")
    return folder


def one_round(
    client: httpx.Client, project: Path, environment: Mapping[str, str], number: int
) -> float:
    """Push, wait for the answer of the new version, scale, restart; return the push's seconds."""
    (project / "round.txt").write_text(f"{number}\n", "utf-8")
    git(project, "add", "-A")
    git(project, "commit", "-qm", f"round {number}")
    began = time.monotonic()
    subprocess.run(
        ["git", "push", "-q", "heroku", "main"],
        cwd=project,
        env=dict(environment),
        check=True,
        capture_output=True,
        timeout=WITHIN,
    )
    deadline = Deadline(WITHIN)
    while (
        client.get("/round.txt", headers={"Host": "soak.localhost"}).text != f"{number}\n"
        and not deadline.over
    ):
        pass
    assert not deadline.over, "the new version does not answer"
    seconds = time.monotonic() - began
    scale = {"updates": [{"type": "worker", "quantity": str(number % 3)}]}
    client.patch("/apps/soak/formation", json=scale).raise_for_status()
    client.delete("/apps/soak/dynos").raise_for_status()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
