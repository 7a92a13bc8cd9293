"""The pages served: to this machine only, and nothing but the pages."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from atelier.course import Course, workshop_root
from atelier.harness.ports import free_port
from atelier.i18n import LANGUAGES
from atelier.pages.browser import opener
from atelier.pages.server import LANGUAGE_COOKIE, make_app, open_server
from atelier.pages.site import Site
from tests.projects import WORKSHOP_BIN
from tests.watch_kit import WITHIN, command, small_project

LESSON = "/en/09-make-celery.html"


@pytest.fixture
def client() -> FlaskClient:
    return make_app(Site(Course(workshop_root()))).test_client()


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers={"Host": "127.0.0.1:8765", **named})


def test_every_address_of_the_site_is_served(client: FlaskClient) -> None:
    files = Site(Course(workshop_root())).files()
    for address in ("en/index.html", "fr/part-1.html", "static/page.css", "static/page.js"):
        answer = get(client, f"/{address}")
        assert (answer.status_code, answer.data) == (200, files[address]())
    drawing = next(address for address in files if address.startswith("diagrams/"))
    for address, kind in {
        LESSON: "text/html; charset=utf-8",
        "/fr/search.json": "application/json",
        "/static/page.css": "text/css; charset=utf-8",
        "/static/page.js": "text/javascript; charset=utf-8",
        f"/{drawing}": "image/svg+xml; charset=utf-8",
    }.items():
        assert get(client, address).headers["Content-Type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        *("/nowhere", "/en/", "/en/../en/index.html", "/../README.md", "/%2e%2e/README.md"),
        *("/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py"),
        *("/lessons/en/01-hello.md", "/exercises/06-crud/test_crud.py", "//etc/passwd"),
        *("/diagrams/%00", "/en/09-make-celery.html%00", "/.git/config", "/en/x/search.json"),
    ],
)
def test_nothing_else_can_be_read(client: FlaskClient, path: str) -> None:
    answer = get(client, path)
    assert answer.status_code in (308, 404)
    assert b"def " not in answer.data
    assert b"root:" not in answer.data


@pytest.mark.parametrize(
    ("host", "code"),
    [
        *(("127.0.0.1:8765", 200), ("localhost:9000", 200), ("localhost", 200), ("[::1]:80", 200)),
        *(("evil.example", 403), ("localhost.evil.example:8765", 403), ("127.0.0.1.nip.io", 403)),
        *(("10.0.0.5:8765", 403), ("", 403), ("127.0.0.1:8765@evil.example", 403)),
    ],
)
def test_only_names_of_this_machine_are_answered(client: FlaskClient, host: str, code: int) -> None:
    assert client.get(LESSON, headers={"Host": host}).status_code == code
    assert client.get("/", headers={"Host": host}).status_code == (302 if code == 200 else 403)


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        *(("http://127.0.0.1:8765", 200), ("http://localhost:8765", 403), ("null", 403)),
        *(("https://127.0.0.1:8765", 403), ("http://127.0.0.1:8766", 403), ("http://x.org", 403)),
    ],
)
def test_other_origins_are_refused(client: FlaskClient, origin: str, code: int) -> None:
    assert get(client, LESSON, Origin=origin).status_code == code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(client: FlaskClient, method: str) -> None:
    answer = client.open(LESSON, method=method, headers={"Host": "127.0.0.1:8765"})
    assert answer.status_code == 405


@pytest.mark.parametrize("path", ["/", LESSON, "/nowhere", "/static/page.css", "/fr/search.json"])
def test_every_answer_is_guarded(client: FlaskClient, path: str) -> None:
    headers = get(client, path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*|data:", policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        *(("fr-CA,fr;q=0.9,en;q=0.8", "fr"), ("en-GB", "en"), ("de,fr;q=0.3", "fr")),
        *(("de", "en"), ("en;q=0.1,fr;q=0.9", "fr"), ("", "en"), ("*", "en")),
    ],
)
def test_browser_chooses_the_first_language(client: FlaskClient, asked: str, language: str) -> None:
    answer = get(client, "/", Accept_Language=asked)
    assert answer.headers["Location"] == f"/{language}/index.html"


@pytest.mark.parametrize("language", LANGUAGES)
def test_door_remembers_the_language_that_was_read(client: FlaskClient, language: str) -> None:
    other = "en" if language == "fr" else "fr"
    get(client, f"/{language}/01-hello.html")
    answer = get(client, "/", Accept_Language=other)
    assert answer.headers["Location"] == f"/{language}/index.html"
    cookie = client.get_cookie(LANGUAGE_COOKIE, domain="127.0.0.1")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")


def test_unknown_address_is_told_in_the_language(client: FlaskClient) -> None:
    assert "Il n’y a pas de page".encode() in get(client, "/fr/99.html").data
    assert b"There is no page" in get(client, "/en/99.html").data
    assert "Il n’y a pas".encode() in get(client, "/x", Accept_Language="fr").data


def test_unchanged_page_is_not_sent_again(client: FlaskClient) -> None:
    first = get(client, LESSON)
    assert get(client, LESSON, If_None_Match=first.headers["ETag"]).status_code == 304


# --- atelier serve --------------------------------------------------------------------------------


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `atelier serve`, and give it with the first line that it prints."""
    process = subprocess.Popen(
        [str(WORKSHOP_BIN / "atelier"), "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def test_serve_says_its_address_and_ends_with_ctrl_c() -> None:
    with serving("--lang", "fr") as (process, line):
        found = re.search(r"^Les leçons\u00a0: (http://127\.0\.0\.1:\d+/) ", line)
        assert found, line
        with httpx.Client(base_url=found[1], timeout=20) as browser:
            answer = browser.get("fr/01-hello.html")
            assert "Un projet qui répond" in answer.text
            assert answer.headers["Server"] == "atelier"
            # As it is sent, not as a client would tidy it up.
            host, port = "127.0.0.1", int(found[1].rstrip("/").rpartition(":")[2])
            with socket.create_connection((host, port), 20) as raw:
                raw.sendall(b"GET /static/../../cli.py HTTP/1.0\r\nHost: localhost\r\n\r\n")
                assert b" 404 " in raw.recv(100)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert errors.strip() == ""


def test_only_the_loopback_interface_is_listened_to() -> None:
    server = open_server(Site(Course(workshop_root())), 0)
    try:
        assert server.socket.getsockname() == ("127.0.0.1", server.port)
    finally:
        server.server_close()


@pytest.mark.parametrize(
    ("language", "says"), [("en", "The lessons:"), ("fr", "Les leçons\u00a0:")]
)
def test_start_in_a_terminal_ends_in_the_lesson(tmp_path: Path, language: str, says: str) -> None:
    """As `script/start` asks it to when its output is a terminal."""
    course, project = small_project(tmp_path)
    start = command(course, "start", str(project), "--serve", "--lang", language)
    with in_a_terminal(start, os.environ, says) as (process, address):
        assert address.endswith(f"/{language}/01-greet.html")
        page = httpx.get(address, timeout=WITHIN)
        assert page.status_code == 200
        assert 'data-step="greet"' in page.text  # with the criteria
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0


@contextmanager
def in_a_terminal(
    command: list[str], environment: Mapping[str, str], says: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a command that serves in a terminal of its own; yield it, and the address it prints."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while not (found := re.search(rf"{says} (http://\S+) \(", shown.decode("utf-8", "ignore"))):
            assert select.select([master], [], [], WITHIN)[0], shown
            shown += os.read(master, 1000)
        yield process, found[1]
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.skipif(sys.platform != "linux", reason="the command that opens a page is Linux's")
@pytest.mark.parametrize(
    ("option", "variables", "opens"),
    [
        ([], {"DISPLAY": ":9"}, True),
        (["--no-browser"], {"DISPLAY": ":9"}, False),
        ([], {"DISPLAY": ":9", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, False),
        ([], {}, False),
    ],
)
def test_serve_opens_the_browser_where_there_is_a_screen(
    tmp_path: Path, option: list[str], variables: dict[str, str], opens: bool
) -> None:
    browser = tmp_path / "bin" / "xdg-open"
    browser.parent.mkdir()
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    browser.write_text(f"#!/bin/sh\necho $1 > {opened}\n")
    browser.chmod(0o755)
    names = ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "WSL_DISTRO_NAME")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"PATH": f"{browser.parent}:{environment['PATH']}", **variables}
    course, _project = small_project(tmp_path)
    serve = command(course, "serve", "--port", str(free_port()), "--lang", "en", *option)
    with in_a_terminal(serve, environment, "The lessons:") as (process, address):
        if opens:
            assert opened.read_text() == f"{address}\n"
        assert httpx.get(address, timeout=WITHIN, follow_redirects=True).status_code == 200
        if not opens:  # what opens would wait for its reader
            assert psutil.Process(process.pid).children() == []
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0


def test_serve_into_a_file_opens_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9")
    with serving("--lang", "en") as (process, line):
        assert line
        children = psutil.Process(process.pid).children()
    assert children == []


@pytest.mark.parametrize(
    ("system", "variables", "command"),
    [
        ("darwin", {}, "open"),
        ("darwin", {"SSH_TTY": "/dev/pts/1"}, None),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, "xdg-open"),
        ("linux", {"WSL_DISTRO_NAME": "Debian", "DISPLAY": ":0"}, "wslview"),
        ("linux", {}, None),
    ],
)
def test_what_opens_a_page_on_each_system(
    tmp_path: Path, system: str, variables: dict[str, str], command: str | None
) -> None:
    assert opener({"PATH": str(tmp_path), **variables}, system) is None
    for name in ("open", "xdg-open", "wslview"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    found = opener({"PATH": str(tmp_path), **variables}, system)
    assert found == (command and str(tmp_path / command))


def test_serve_with_a_port_that_is_taken_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with serving("--port", str(port), "--lang", "en") as (process, line):
            _out, errors = process.communicate(timeout=20)
    assert (process.returncode, line) == (2, "")
    assert errors.startswith(f"Port {port} cannot be used here (Address already in use).")
