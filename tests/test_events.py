"""A stream of server-sent events is read as it comes, and left."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

import pytest

from atelier.harness.events import EventStream
from atelier.harness.web import Web

BODY = b': hello\n\nid: 1\ndata: {"a":\ndata: 1}\n\nevent: end\r\nid: 2\r\ndata: x\r\n\r\ndata: cut'


class Server(ThreadingHTTPServer):
    """Tells what was asked, and whether a client that has gone was noticed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.last_ids: list[str | None] = []
        self.noticed = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Streams, for ever at /ever."""

    server: Server

    def do_GET(self) -> None:
        """Send the events; at /ever, write until nobody is there."""
        self.server.last_ids.append(self.headers.get("Last-Event-ID"))
        self.send_response(200)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(BODY)
        try:
            while self.path == "/ever":
                self.wfile.write(b":\n\n")
                time.sleep(0.02)
        except OSError:
            self.server.noticed.set()

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def web_of(server: Server) -> Web:
    return cast(Web, type("Address", (), {"port": server.server_address[1]}))


def test_events_are_read_to_the_end(server: Server) -> None:
    with EventStream(web_of(server), "/", {"Last-Event-ID": "7"}) as stream:
        assert stream.wait_for_end(10)
        first, second = stream.events
        assert (first.id, first.name, first.json()) == ("1", "message", {"a": 1})
        assert (second.id, second.name, second.json()) == ("2", "end", None)
        assert (stream.status, stream.headers["cache-control"]) == (200, "no-store")
        assert (stream.comments, server.last_ids) == (1, ["7"])


def test_a_stream_that_is_left_is_noticed(server: Server) -> None:
    with EventStream(web_of(server), "/ever") as stream:
        assert len(stream.wait_for_events(2, 10)) >= 2
        assert not stream.over
    assert server.noticed.wait(10)
