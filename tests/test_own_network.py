"""A run of lessons in a network of its own: all ports free there, and a way outside."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from atelier.follow import network
from atelier.follow.network import NoNetwork, can_have_own_network

INSIDE = """
import http.client, json, os, socket, sys, urllib.request
from atelier.follow.network import enter_own_network
from atelier.harness.family import end_strays
port = int(sys.argv[1])
variables = enter_own_network()
assert variables == enter_own_network()
told = {}
with socket.create_server(("127.0.0.1", port)):
    told["own"] = True
with socket.socket() as straight:
    told["straight"] = straight.connect_ex(("127.0.0.1", port)) != 0
end_strays()
proxy = variables["https_proxy"].removeprefix("http://")
opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": "http://" + proxy}))
with opener.open(f"http://127.0.0.1:{port}/a/path?q=1", timeout=20) as answer:
    told["get"] = answer.read().decode()
tunnel = http.client.HTTPConnection(proxy, timeout=20)
tunnel.set_tunnel("127.0.0.1", port)
tunnel.request("POST", "/tunnel", body=b"x" * 200_000)
told["tunnel"] = tunnel.getresponse().read().decode()
tunnel.close()
nobody = http.client.HTTPConnection(proxy, timeout=20)
nobody.request("GET", "http://127.0.0.1:1/")
told["nobody"] = nobody.getresponse().status
told["user"] = os.geteuid()
print(json.dumps(told))
"""


class Outside(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        """Answer with the method, the path, and the size of what came."""
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        content = f"{self.command} {self.path} {size}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def outside() -> Iterator[int]:
    """The port of a server in this network."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def run_inside(port: int, *before: str) -> dict[str, object]:
    done = subprocess.run(
        [*before, sys.executable, "-I", "-c", INSIDE, str(port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.skipif(not can_have_own_network(), reason="no network of its own on this system")
def test_ports_are_free_inside_and_the_proxy_leads_outside(outside: int) -> None:
    before = {process.pid for process in psutil.process_iter()}
    told = run_inside(outside)
    assert told == {
        "own": True,
        "straight": True,
        "get": "GET /a/path?q=1 0",
        "tunnel": "POST /tunnel 200000",
        "nobody": 502,
        "user": os.geteuid(),
    }
    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if process.pid not in before and "atelier.follow.proxy" in (process.info["cmdline"] or [])
    ]
    _gone, alive = psutil.wait_procs(left, timeout=10)
    assert alive == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("HTTPS_PROXY", "http://proxy.example:3128"), ("PIP_INDEX_URL", "http://localhost:3141/")],
)
def test_languages_go_in_turn_where_the_way_out_is_another(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert not can_have_own_network()


def test_a_system_that_refuses_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(network, "_unshare", refuse)
    before = psutil.Process().children()
    with pytest.raises(NoNetwork, match="not permitted"):
        network.enter_own_network()
    assert set(psutil.Process().children()) <= set(before)
