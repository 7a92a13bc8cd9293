"""The parts of the local Heroku that need no platform: Procfile, Python, logs, settings."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

import pytest

from atelier.heroku.environment import as_shell, client_environment
from atelier.heroku.logs import KEPT, AppLog, Filter
from atelier.heroku.places import Places
from atelier.heroku.procfile import BadProcfile, parse
from atelier.heroku.pythons import OWN, BadVersion, find, wanted

ALL = Filter()


def test_procfile() -> None:
    content = "# types\nweb: gunicorn wsgi:app\r\n\n  worker :celery -A tasks.celery worker\n"
    assert parse(content.encode("utf-8-sig")) == {
        "web": "gunicorn wsgi:app",
        "worker": "celery -A tasks.celery worker",
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no process type"),
        (b"web gunicorn", "line 1"),
        (b"web: x\nweb: y", "line 2: web is there twice"),
        (b"web:\n", "line 1"),
        (b"w\xff: x", "UTF-8"),
        (b"web: x\0", "NUL"),
        (b"w;b: x", "line 1"),
        ("web: x".encode("utf-16"), "UTF-8"),
        (b"a: " + b"x" * 70_000, "64 kB"),
    ],
)
def test_procfiles_that_do_not_parse(content: bytes, said: str) -> None:
    with pytest.raises(BadProcfile, match=said):
        parse(content)


def test_python_version(tmp_path: Path) -> None:
    assert wanted(tmp_path) == (OWN, "")
    (tmp_path / ".python-version").write_text("# ours\n3.13.2\n")
    assert wanted(tmp_path) == ("3.13", ".python-version")
    for content in ("", "3.13\n3.12\n", "three\n", "3.13.x\n"):
        (tmp_path / ".python-version").write_text(content)
        with pytest.raises(BadVersion):
            wanted(tmp_path)


def test_pythons() -> None:
    assert find(OWN).is_file()
    with pytest.raises(BadVersion, match=r"3\.2 is not supported"):
        find("3.2")


def test_log_keeps_the_last_lines() -> None:
    log = AppLog()
    for number in range(KEPT + 10):
        log.write("app", "web.1", str(number))
    lines = log.last(10_000, ALL)
    assert len(lines) == KEPT
    assert lines[0].text == "10"
    assert [line.text for line in log.last(2, ALL)] == ["1508", "1509"]
    assert log.last(0, ALL) == []


def test_log_filters() -> None:
    log = AppLog()
    for source, process in (("app", "web.1"), ("heroku", "web.1"), ("app", "worker.12")):
        log.write(source, process, f"{source} {process}")
    assert len(log.last(10, Filter(process="web"))) == 2
    assert len(log.last(10, Filter("app", "worker.12"))) == 1
    assert not log.last(10, Filter(process="work"))


def test_log_follows_until_it_is_closed() -> None:
    log = AppLog()
    log.write("app", "web.1", "before")
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        for line in log.follow(log.position, ALL, beat=0.01):
            ready.set()
            if line is not None:
                heard.append(line.text)

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(10)
    log.write("app", "web.1", "one\ntwo")
    log.close()
    thread.join(10)
    assert heard == ["one", "two"]


def test_log_is_there_again(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log = AppLog(file)
    for number in range(2 * KEPT + 10):
        log.write("app", "web.1", f"é {number}")
    last = log.last(KEPT, ALL)
    with file.open("a") as stream:  # as a kill leaves it
        stream.write('[1, "2026')
    again = AppLog(file)
    assert again.last(KEPT, ALL) == last
    again.write("app", "web.1", "new")
    assert again.last(1, ALL)[0].number == last[-1].number + 1


def test_lines_are_cut() -> None:
    log = AppLog()
    log.write("app", "web.1", "é" * 20_000)
    assert len(log.last(1, ALL)[0].text.encode()) == 10_000


def test_settings_are_the_same_after_a_second_eval(tmp_path: Path) -> None:
    places = Places(tmp_path / "ho'me")
    theirs = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Ada",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "theirs"),
    }
    (tmp_path / "theirs").write_text("[user]\n\temail = ada@example.org\n")
    once = client_environment(places, 4999, "key", theirs)
    assert once["GIT_CONFIG_COUNT"] == "3"
    assert client_environment(places, 4999, "key", {**theirs, **once}) == once
    script = as_shell(once) + "\ngit config user.name; git config user.email; git config url.x || :"
    said = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert said.stdout == "Ada\nada@example.org\n"
    assert (tmp_path / "theirs").read_text().count("\n") == 2


def test_what_is_on_this_machine_goes_through_no_proxy(tmp_path: Path) -> None:
    places = Places(tmp_path / "home")
    theirs = {"NO_PROXY": "intranet, localhost", "no_proxy": ".school.example"}
    once = client_environment(places, 4999, "key", theirs)
    assert once["NO_PROXY"] == "intranet,localhost,.school.example,.localhost,127.0.0.1"
    assert once["no_proxy"] == once["NO_PROXY"]
    assert client_environment(places, 4999, "key", once) == once
    assert client_environment(places, 4999, "key", {"NO_PROXY": "*"})["no_proxy"] == "*"


def test_line_stands_in_a_log_as_on_heroku() -> None:
    log = AppLog()
    log.write("heroku", "worker.1", "State changed from starting to up")
    log.write("app", "web.1", "Listening")
    told = [str(line) for line in log.last(2, ALL)]
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00"
    assert re.fullmatch(
        rf"{moment} heroku\[worker\.1\]: State changed from starting to up", told[0]
    )
    assert re.fullmatch(rf"{moment} app\[web\.1\]: Listening", told[1])
