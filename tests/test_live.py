"""The live part of the pages: one engine for all tabs, and the same work as in a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from atelier.commands.desk import Desk
from atelier.commands.hint import next_hints
from atelier.commands.progress import go_on
from atelier.course import Course, workshop_root
from atelier.i18n import LANGUAGES, _, choose_language, speaking
from atelier.pages.live.inert import inert
from atelier.pages.site import Site
from atelier.project import create_project
from atelier.state import Progress, State
from tests.live_kit import GREET, Served, Tab, served, serving
from tests.site_pages import LIGHT, link_defects
from tests.small_course import small_course, write
from tests.watch_kit import WITHIN

BOTH = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    choose_language("en")
    with serving(tmp_path, beat=0.2) as found:
        yield found


SAID = {
    "en": ("It greets", "not yet", "Expected: def greet in greet.py.", "All 2 criteria are met."),
    # The small course's own sentences have no French in the tool's catalogue.
    "fr": (
        "It greets",
        "pas encore",
        "Expected: def greet in greet.py.",
        "Les 2 critères sont remplis.",
    ),
}


@BOTH
def test_a_save_turns_the_criteria_green(live: Served, language: str) -> None:
    title, unmet, expected, met = SAID[language]
    tab = Tab(live.address, language=language)
    state = tab.phase("done")
    first, second = state["criteria"]
    assert (first["title"], first["verdict"], first["badge"]) == (title, "fail", unmet)
    assert [first["open"], second["open"]] == [True, False]
    assert first["told"][0]["text"] == expected
    assert not state["may_go_on"]
    (live.project / "greet.py").write_text(GREET)
    state = tab.phase("met")
    assert state["status"] == met
    assert {each["verdict"] for each in state["criteria"]} == {"pass"}
    assert (state["met"], state["may_go_on"]) == (["greet"], True)
    tab.close()


def test_ten_tabs_make_one_run(live: Served) -> None:
    tabs = [Tab(live.address) for _number in range(10)]
    for tab in tabs:
        tab.phase("done")
    engine = live.hub.engine
    assert engine is not None
    assert engine.state.run == 1
    (live.project / "greet.py").write_text(GREET)
    for tab in tabs:
        tab.phase("met")
        tab.close()
    assert live.hub.engine is engine
    assert engine.state.run <= 3  # one save may be several events


def test_engine_goes_after_the_last_tab_and_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path, beat=0.1, linger=0.1) as live:
        assert live.hub.engine is None
        tab = Tab(live.address)
        tab.phase("done")
        engine = live.hub.engine
        assert engine is not None
        tab.close()
        end = time.monotonic() + WITHIN
        while live.hub.engine is not None or engine.processes:
            assert time.monotonic() < end
            time.sleep(0.02)
        tab = Tab(live.address)
        tab.phase("done")
        assert live.hub.engine not in (None, engine)
        tab.close()


def test_one_step_at_a_time_and_that_of_the_last_tab(live: Served) -> None:
    first = Tab(live.address)
    first.phase("done")
    second = Tab(live.address, "part")
    assert [each["id"] for each in second.phase("done")["criteria"]] == ["parts", "parts_by_name"]
    assert first.phase("elsewhere")["criteria"] == []
    first.ask("again")
    assert first.phase("done")["criteria"][0]["id"] == "greets"
    second.phase("elsewhere")
    first.close()
    second.close()


@BOTH
def test_hints_one_at_a_time_the_same_as_in_the_terminal(live: Served, language: str) -> None:
    tab = Tab(live.address, language=language)
    assert tab.phase("done")["hints"] == []
    tab.ask("hint")
    [hint] = tab.until(lambda state: state["hints"])["hints"]
    assert hint["html"].strip() == {"en": "<p>One?</p>", "fr": "<p>Un ?</p>"}[language]
    with speaking(language):
        [(_heading, text)] = next_hints(Desk(live.course), live.project, live.course.first)
    assert text == {"en": "Two?", "fr": "Deux ?"}[language]
    state = tab.until(lambda state: len(state["hints"]) == 2)
    assert not state["more_hints"]
    tab.close()


def test_solution_is_compared_on_demand_before_the_step_is_met(live: Served) -> None:
    tab = Tab(live.address)
    tab.phase("done")
    asked = tab.ask("diff")
    assert asked["asks"]
    assert "diff" not in asked
    lines = tab.ask("diff", anyway="")["diff"]
    assert ["solution", "+def greet(name):"] in lines
    (live.project / "greet.py").write_text(GREET)
    tab.phase("met")
    assert "asks" not in tab.ask("diff")
    tab.close()


@BOTH
def test_next_and_undo(live: Served, language: str) -> None:
    tab = Tab(live.address, language=language)
    tab.phase("done")
    refused = tab.ask("next")
    assert "to" not in refused
    assert ("Go on from" in refused["lines"][0]) == (language == "en")
    assert live.learner.step.slug == "greet"
    (live.project / "greet.py").write_text(GREET)
    tab.phase("met")
    done = tab.ask("next")
    assert done["to"] == "02-part"
    assert done["lines"][0] == {"en": "02 · Part", "fr": "02 · Partir"}[language]
    tab.until(lambda state: state["here"] == "part" and not state["may_go_on"])
    undone = tab.ask("undo")
    assert {"en": "again as they were", "fr": "de nouveau tels qu"}[language] in undone["lines"][0]
    tab.until(lambda state: state["here"] == "greet" and state["may_go_on"])
    assert (live.project / "greet.py").read_text() == GREET
    tab.close()


def test_what_a_terminal_does_is_seen(live: Served) -> None:
    tab = Tab(live.address)
    (live.project / "greet.py").write_text(GREET)
    tab.phase("met")
    go_on(Desk(live.course), live.project)
    tab.until(lambda state: state["here"] == "part" and not state["may_go_on"])
    tab.close()


def test_project_that_is_made_while_a_page_is_open(tmp_path: Path) -> None:
    course, project = small_course(tmp_path / "workshop"), tmp_path / "shop"
    with served(course, project, beat=0.1) as live:
        tab = Tab(live.address)
        assert "There is no project yet" in tab.phase("none")["status"]
        assert "no project yet" in tab.ask("hint")["lines"][0]
        create_project(course, project, course.first)
        State(course.root).remember(project, Progress(course.first.slug))
        assert len(tab.phase("done")["criteria"]) == 2
        tab.close()


# --- Safe -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        *(("<script>alert(1)</script>",) * 2, ("one\n\ttwo\u00a0!", "one\n\ttwo\u00a0!")),
        *(("\x1b[31;1mred\x1b[0m", "red"), ("\x1b]0;title\x07text", "text"), ("\x9b2Jx", "x")),
        *(("\x1b]8;;http://x.org\x1b\\link\x1b]8;;\x1b\\", "link"), ("\x1bPq#0\x1b\\x", "x")),
        *(("a\x08b\x00", "a\\x08b\\x00"), ("\u202egnp.exe", "\\u202egnp.exe"), ("\x1b", "\\x1b")),
        *(("10 %\r20 %", "10 %\\r20 %"), ("a\r\nb", "a\nb"), ("\ud800", "\\ud800")),
    ],
)
def test_what_a_program_says_is_text(said: str, shown: str) -> None:
    assert inert(said) == shown


def test_program_cannot_add_to_the_stream(live: Served) -> None:
    write(
        live.course.root,
        "exercises/01-greet/test_greets.py",
        """\
        from atelier.checks import _, criterion, expect

        @criterion(_("It greets"))
        def test_greets(project):
            expect(False, _("Expected: nothing."), seen=project.text("greet.py"))
        """,
    )
    text = "<script>\x1b[2J\n\ndata: {}\n\nevent: close\n\nend"
    (live.project / "greet.py").write_text(text)
    tab = Tab(live.address)
    told = tab.phase("done")["criteria"][0]["told"]
    assert told[1]["output"] == "<script>\n\ndata: {}\n\nevent: close\n\nend"
    tab.close()


def test_nothing_changes_without_the_token(live: Served) -> None:
    address = live.address + "live/greet"
    given: list[dict[str, str]] = [{}, {"X-Atelier-Token": ""}, {"X-Atelier-Token": "x" * 43}]
    for headers in given:
        assert httpx.post(f"{address}/hint", headers=headers).status_code == 403
    assert live.learner.hints(live.course.first)[0] == []
    assert live.hub.engine is None


def test_others_are_refused(live: Served) -> None:
    for path, headers, code in (
        ("live/greet", {"Origin": "http://evil.example"}, 403),
        ("live/greet", {"Host": "evil.example"}, 403),
        ("live/greet", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("live/greet", {"Sec-Fetch-Site": "same-site"}, 403),
        ("live/nothing", {}, 404),
        ("live/greet/hint", {}, 404),
    ):
        assert httpx.get(live.address + path, headers=headers).status_code == code, (path, headers)
    assert live.hub.engine is None


def test_token_does_not_serve_another_site(live: Served) -> None:
    tab = Tab(live.address)
    token = tab.phase("done")["token"]
    given: list[dict[str, str]] = [
        *({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}),
        *({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}),
    ]
    for headers in given:
        answer = httpx.post(
            f"{live.address}live/greet/hint", headers={"X-Atelier-Token": token, **headers}
        )
        assert answer.status_code == 403, headers
    assert live.learner.hints(live.course.first)[0] == []
    tab.close()


def test_answers_are_guarded(live: Served) -> None:
    tab = Tab(live.address)
    tab.phase("done")
    asked = httpx.post(f"{live.address}live/greet/hint")
    for headers in (tab.headers, asked.headers):
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers
    tab.close()


def test_pages_with_the_live_part_are_light_and_lead_somewhere() -> None:
    files = {
        name: make() for name, make in Site(Course(workshop_root()), live=True).files().items()
    }
    assert list(link_defects(files)) == []
    assert {"static/live.js", "static/live.css"} <= set(files)
    with_all = sum(len(content) for name, content in files.items() if name.startswith("static/"))
    heaviest = max(len(content) for name, content in files.items() if name.endswith(".html"))
    assert with_all + heaviest < LIGHT


def test_nothing_of_it_is_in_the_static_site(tmp_path: Path) -> None:
    files = Site(small_course(tmp_path)).files()
    assert not [name for name in files if "live" in name]
    page = files["en/01-greet.html"]()
    assert b"live" not in page
    assert b"data-step" not in page


def test_two_threads_speak_their_own_language() -> None:
    choose_language("en")
    text = _("not yet")
    with speaking("fr"):
        assert json.dumps([str(_("not yet")), text]) == '["pas encore", "not yet"]'
    assert str(_("not yet")) == "not yet"
