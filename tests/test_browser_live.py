"""The live part of the pages in a real browser: what a learner sees while they save their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atelier.i18n import LANGUAGES, choose_language
from tests import browser
from tests.live_kit import GREET, Served, served, serving
from tests.small_course import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())

PATIENCE = 30_000  # milliseconds: the machine may be busy
BROKEN = "<script>document.title = 'broken'</script>\x1b[31mred\x1b[0m\n"
# The first criterion of the step, with what it saw.
CRITERION = """\
from atelier.checks import _, criterion, expect


@criterion(_("It greets"), file="greet.py")
def test_greets(project):
    text = project.text("greet.py") if project.has("greet.py") else "nothing"
    expect("def greet" in text, _("Expected: def greet in greet.py."), seen=text, look="Saved?")
"""
SAID: dict[str, dict[str, Any]] = {
    "en": {
        "unmet": "It greets not yet",
        "met": "All 2 criteria are met.",
        "seen": "Seen:",
        "hints": ("One?", "Two?"),
        "asks": "is not met yet, and this shows its solution",
        "refused": "0 of 2 criteria are met.",
        "second": "02 · Part",
        "undone": "again as they were",
        "output": "has started no server",
        "stopped": "The server does not answer.",
    },
    "fr": {
        "unmet": "It greets pas encore",
        "met": "Les 2 critères sont remplis.",
        "seen": "Observé\N{NO-BREAK SPACE}:",
        "hints": ("Un ?", "Deux ?"),
        "asks": "solution",
        "refused": "Critères remplis\N{NO-BREAK SPACE}: 0 sur 2.",
        "second": "02 · Partir",
        "undone": "de nouveau tels qu",
        "output": "aucun serveur",
        "stopped": "Le serveur ne répond pas.",
    },
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    choose_language("en")
    with serving(tmp_path, beat=0.2) as found:
        write(found.course.root, "exercises/01-greet/test_greets.py", CRITERION)
        yield found


def shown(page: Page, selector: str, text: str) -> None:
    """Wait until an element that can be seen has this text in it."""
    page.locator(f".live {selector}", has_text=text).first.wait_for(state="visible")


def open_lesson(chromium: Browser, live: Served, language: str, width: int = 1280) -> Page:
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{live.address}{language}/01-greet.html")
    return page


def problems_of(page: Page) -> list[str]:
    """Return a list that will hold what the browser complains of."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_hour_with_the_page_open(chromium: Browser, live: Served, language: str) -> None:
    said = SAID[language]
    page = open_lesson(chromium, live, language)
    problems = problems_of(page)
    page.evaluate("window.loadedOnce = true")
    shown(page, ".criterion.fail", said["unmet"])

    # A broken save is told, as text; of the criteria that are not met, the first is open.
    (live.project / "greet.py").write_text(BROKEN)
    shown(page, ".criterion pre", "<script>document.title = 'broken'</script>red")
    shown(page, ".criterion", said["seen"])
    assert page.locator(".criterion details[open]").count() == 1
    assert "broken" not in page.title()
    assert_accessible(page)

    # Hints come one at a time, and the solution after a question.
    first, second = said["hints"]
    page.locator("[data-ask=hint]").click()
    shown(page, ".given", first)
    assert second not in page.locator(".given").inner_text()
    page.locator("[data-ask=hint]").click()
    shown(page, ".given", second)
    page.locator("[data-ask=hint]").wait_for(state="hidden")
    page.locator("[data-ask=diff]:not([data-anyway])").click()
    shown(page, ".answer", said["asks"])
    page.locator("[data-anyway]").click()
    shown(page, "dialog .solution", "+def greet(name):")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="hidden")

    # The queue and the servers' output, where there are none yet.
    page.locator(".queue summary").click()
    shown(page, ".queue pre", "REDIS_URL")
    page.locator("[data-ask=output]").click()
    shown(page, ".answer", said["output"])

    # The save that meets all: green, and the way on is open.
    (live.project / "greet.py").write_text(GREET)
    shown(page, ".status", said["met"])
    assert page.locator(".criterion.pass").count() == 2
    assert page.locator(".steps li.met").count() == 1
    page.locator("[data-ask=diff]:not([data-anyway])").click()
    page.locator("dialog").wait_for(state="visible")  # no question any more
    page.locator("dialog .close").click()
    page.locator("[data-ask=next]").click()
    shown(page, ".answer", said["second"])
    assert live.learner.step.slug == "part"
    page.locator("[data-ask=undo]").click()
    shown(page, ".answer", said["undone"])
    page.locator("[data-ask=next]").wait_for(state="visible")
    assert page.evaluate("window.loadedOnce")
    page.locator("[data-ask=next]").click()
    page.locator(".onward").click()
    page.wait_for_url("**/02-part.html")
    shown(page, ".criterion", "It parts")
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_server_that_stops_and_starts_again(
    chromium: Browser, tmp_path: Path, language: str
) -> None:
    said = SAID[language]
    with serving(tmp_path, beat=0.2) as live:
        page = open_lesson(chromium, live, language)
        shown(page, ".status", said["refused"])
        course, project, port = live.course, live.project, live.port
    shown(page, ".status", said["stopped"])
    page.locator("[data-ask=hint]").click()
    shown(page, ".answer", said["stopped"])
    (project / "greet.py").write_text(GREET)
    with served(course, project, port=port, beat=0.2):
        shown(page, ".status", said["met"])
        page.locator("[data-ask=hint]").click()  # with the token of the new server
        shown(page, ".given", said["hints"][0])
        page.context.close()


def test_hidden_tab_listens_no_more(chromium: Browser, live: Served) -> None:
    page = open_lesson(chromium, live, "en")
    shown(page, ".status", SAID["en"]["refused"])
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    (live.project / "greet.py").write_text(GREET)
    engine = live.hub.engine
    assert engine is not None
    states = engine.states()
    while not next(states).passed:
        pass
    assert page.locator(".criterion.pass").count() == 0
    page.evaluate(hide, False)
    shown(page, ".status", SAID["en"]["met"])
    page.context.close()


def test_phone_has_the_criteria_below_the_lesson(chromium: Browser, live: Served) -> None:
    page = open_lesson(chromium, live, "fr", width=390)
    shown(page, ".status", SAID["fr"]["refused"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    main, beside = (page.locator(each).bounding_box() for each in ("main", ".live"))
    assert main is not None
    assert beside is not None
    assert main["y"] + main["height"] <= beside["y"]
    page.locator(".jump a[href='#live']").click()
    assert page.locator("#live-title").bounding_box() is not None
    page.context.close()


def assert_accessible(page: Page) -> None:
    """Assert that axe-core finds nothing serious in the live part."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".live").response["violations"]
    serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert serious == [], found
