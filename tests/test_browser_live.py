"""The live part of the pages in a real browser: what a learner sees while they save their files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from atelier.i18n import LANGUAGES, choose_language
from tests import browser
from tests.live_kit import GREET, Served, served, serving
from tests.small_course import write
from tests.watch_kit import WITHIN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())

Open = Callable[..., "Page"]
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
SCHEMES = {"en": "light", "fr": "dark"}
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


@pytest.fixture
def open_lesson(chromium: Browser) -> Iterator[Open]:
    """Open the first lesson; at the end, say what was asked of others."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []

    def open_one(live: Served, language: str, size: str = "laptop", **options: Any) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        address = live.address
        context.on(
            "request",
            lambda request: (
                None if request.url.startswith(address) else foreign.append(request.url)
            ),
        )
        page = context.new_page()
        page.goto(f"{address}{language}/01-greet.html")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert foreign == []


def problems_of(page: Page) -> list[str]:
    """Return a list that will hold what the browser complains of."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_hour_with_the_page_open(open_lesson: Open, live: Served, language: str) -> None:
    said = SAID[language]
    page = open_lesson(live, language, color_scheme=SCHEMES[language])
    problems = problems_of(page)
    page.evaluate("window.loadedOnce = true")
    shown(page, ".criterion.fail", said["unmet"])

    # A broken save is told, as text; of the criteria that are not met, the first is open.
    (live.project / "greet.py").write_text(BROKEN)
    shown(page, ".criterion pre", "<script>document.title = 'broken'</script>red")
    shown(page, ".criterion", said["seen"])
    assert page.locator(".criterion details[open]").count() == 1
    assert "broken" not in page.title()
    assert browser.accessibility_problems(page) == []

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
    assert browser.accessibility_problems(page) == []
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_server_that_stops_and_starts_again(
    open_lesson: Open, tmp_path: Path, language: str
) -> None:
    said = SAID[language]
    with serving(tmp_path, beat=0.2) as live:
        page = open_lesson(live, language)
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


def test_hidden_tab_listens_no_more(open_lesson: Open, tmp_path: Path) -> None:
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with serving(tmp_path, beat=0.1, linger=0.1) as live:
        page = open_lesson(live, "en")
        shown(page, ".status", SAID["en"]["refused"])
        page.evaluate(hide, True)
        end = time.monotonic() + WITHIN
        while live.hub.engine is not None:  # nobody looks, so nothing is checked
            assert time.monotonic() < end
            time.sleep(0.02)
        (live.project / "greet.py").write_text(GREET)
        page.evaluate(hide, False)
        shown(page, ".status", SAID["en"]["met"])
        page.context.close()


@pytest.mark.parametrize(("language", "twin"), [("en", "fr"), ("fr", "en")])
def test_switching_the_language_keeps_what_was_shown(
    open_lesson: Open, live: Served, language: str, twin: str
) -> None:
    page = open_lesson(live, language)
    shown(page, ".criterion.fail", SAID[language]["unmet"])
    page.locator("[data-ask=hint]").click()
    shown(page, ".given", SAID[language]["hints"][0])
    page.locator(".contents a").nth(4).click()
    page.locator(".switch").click()
    page.wait_for_url(f"**/{twin}/01-greet.html#*")
    shown(page, ".criterion.fail", SAID[twin]["unmet"])
    shown(page, ".given", SAID[twin]["hints"][0])
    engine = live.hub.engine
    assert engine is not None
    assert engine.state.run == 1  # from one page to the next, the engine stays


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_criteria_at_every_size(open_lesson: Open, live: Served, language: str, size: str) -> None:
    page = open_lesson(live, language, size)
    shown(page, ".status", SAID[language]["refused"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    main, beside = (page.locator(each).bounding_box() for each in ("main", ".live"))
    assert main is not None
    assert beside is not None
    if size == "phone":
        assert main["y"] + main["height"] <= beside["y"]
        page.locator(".jump a[href='#live']").click()
        page.wait_for_url("**#live")
    else:
        assert main["x"] + main["width"] <= beside["x"]
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.locator(".contents li:last-child a[aria-current]").wait_for()
    # In view, wherever the reader is in the lesson.
    box = page.locator("#live-title").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < SIZES[size][1]
    page.emulate_media(media="print")
    assert not page.locator(".live").is_visible()
