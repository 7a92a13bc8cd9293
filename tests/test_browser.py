"""The pages in a real browser, as a learner has them, in both languages and at three sizes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from atelier.course import Course, workshop_root
from atelier.i18n import LANGUAGES
from atelier.pages.server import HOST, open_server
from atelier.pages.site import Site
from tests import browser, site_pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
BOTH = pytest.mark.parametrize("language", LANGUAGES)
LESSON = "09-make-celery.html"
PATIENCE = 15_000  # milliseconds: the machine may be busy

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of the pages, served as `atelier serve` does."""
    server = open_server(Site(Course(workshop_root())), 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{HOST}:{server.port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Open]:
    """Open a page of the site; at the end, say what it asked of others and what went wrong."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def heard(request: str) -> None:
        if not request.startswith(address):
            problems.append(f"asked for {request}")

    def open_one(path: str, size: str = "laptop", **options: object) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda request: heard(request.url))
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert problems == []


def twin_of(language: str) -> str:
    return "fr" if language == "en" else "en"


# --- Reading --------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("size", SIZES)
def test_reading(open_page: Open, language: str, size: str) -> None:
    """Nothing is wider than the window; columns stand side by side where there is room."""
    page = open_page(f"{language}/{LESSON}", size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [page.locator(each).bounding_box() for each in (".steps", "main", ".beside")]
    steps, main, beside = (box for box in boxes if box is not None)
    if size == "phone":
        assert main["y"] < beside["y"] < steps["y"]
        page.locator(".jump a").first.click()
        page.locator("#steps").get_by_role("link").nth(1).click()
        page.wait_for_url("**/02-products.html")
    else:
        assert steps["x"] + steps["width"] <= main["x"]
        assert main["x"] + main["width"] <= beside["x"]
        assert steps["y"] == main["y"] == beside["y"]
        page.locator(".contents a").last.click()
        page.wait_for_function(
            "() => document.querySelector('.contents li:last-child a[aria-current=location]')"
        )
        for column in (".steps", ".beside", ".top"):  # they stay in view
            box = page.locator(column).bounding_box()
            assert box is not None
            assert 0 <= box["y"] < 100


@BOTH
def test_all_text_is_there_without_javascript(open_page: Open, language: str) -> None:
    page = open_page(f"{language}/{LESSON}", java_script_enabled=False)
    shown = page.locator("main").inner_text()
    assert "celery = make_celery(app)" in shown
    assert page.locator("button:visible, search:visible").count() == 0
    page.locator(".switch").click()
    assert page.url.endswith(f"/{twin_of(language)}/{LESSON}")
    page.locator("summary").first.click()
    assert page.locator("details[open] p").first.is_visible()


def test_keys(open_page: Open) -> None:
    page = open_page(f"en/{LESSON}")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/en/10-first-task.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/en/{LESSON}")
    page.keyboard.press("/")
    page.keyboard.type("/x")  # typed now, and the arrows move within the field
    page.keyboard.press("ArrowLeft")
    assert page.locator("#search").input_value() == "/x"
    assert page.url.endswith(LESSON)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Alt+ArrowRight")  # the browser's own
    assert page.url.endswith(LESSON)


# --- Two languages --------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "language"), [("fr-CA", "fr"), ("en-GB", "en")])
def test_browser_chooses_the_language_of_the_first_visit(
    open_page: Open, locale: str, language: str
) -> None:
    page = open_page("", locale=locale)
    assert page.url.endswith(f"/{language}/index.html")
    assert page.locator("html").get_attribute("lang") == language


@BOTH
@pytest.mark.parametrize("size", SIZES)
def test_switching_the_language_keeps_the_heading(
    open_page: Open, language: str, size: str
) -> None:
    page = open_page(f"{language}/{LESSON}", size)
    link = page.locator(".contents a").nth(6)
    heading = unquote(str(link.get_attribute("href"))).lstrip("#")
    twin = str(link.get_attribute("data-twin"))
    page.evaluate("id => document.getElementById(id).scrollIntoView()", heading)
    page.evaluate("scrollBy(0, 30)")  # in the middle of its text
    page.locator(".switch").click()
    page.wait_for_url(f"**/{twin_of(language)}/{LESSON}#*")
    assert unquote(urlsplit(page.url).fragment) == twin
    top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", twin)
    assert 0 <= top < 150
    # And back, without having scrolled.
    page.locator(".switch").click()
    page.wait_for_url(f"**/{language}/{LESSON}#*")
    assert unquote(urlsplit(page.url).fragment) == heading


def test_door_of_a_static_site_leads_on(open_page: Open) -> None:
    page = open_page("index.html", locale="fr-FR")
    page.wait_for_url("**/fr/index.html")
    page.locator(".switch").click()
    page.wait_for_url("**/en/index.html")
    page.goto(page.url.replace("en/index.html", "index.html"))
    page.wait_for_url("**/en/index.html")  # what was read last


# --- Search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "typed", "title", "step"),
    [
        ("fr", "arret propre", "Expérience", "09 ·"),
        ("fr", "ARRÊT  propre", "Expérience", "09 ·"),
        ("fr", "tache premiere", "10 · Une première tâche", ""),
        ("en", "graceful shutdown", "Experiment", "09 ·"),
        ("en", "a first TASK", "10 · A first task", ""),
        ("en", "KeyError: 'REDIS_URL'", "When it does not work", "09 ·"),
    ],
)
def test_search(open_page: Open, language: str, typed: str, title: str, step: str) -> None:
    page = open_page(f"{language}/01-hello.html", "phone" if "tache" in typed else "laptop")
    page.keyboard.press("/")
    page.keyboard.type(typed)
    found = page.locator(".results li").filter(has_text=title).filter(has_text=step)
    found.first.wait_for()
    assert re.search(r"\d+$", page.get_by_role("status").inner_text())
    href = str(found.first.locator("a").get_attribute("href"))
    assert page.evaluate("document.activeElement.id") == "search"
    found.first.locator("a").click()
    page.wait_for_url(f"**/{language}/{href}")
    anchor = unquote(urlsplit(page.url).fragment)
    assert (
        page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", anchor) < 900
    )


@BOTH
def test_search_by_keys_alone(open_page: Open, language: str) -> None:
    page = open_page(f"{language}/index.html")
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    status = page.get_by_role("status")
    page.wait_for_function("() => document.querySelector('[role=status]').textContent")
    assert (
        status.inner_text()
        == {
            "en": "Nothing has these words. Fewer of them?",
            "fr": "Rien ne contient ces mots. En mettre moins\u00a0?",
        }[language]
    )
    page.keyboard.press("Escape")
    assert not status.is_visible()
    page.keyboard.press("Control+a")
    page.keyboard.type("worker")
    page.locator(".results li").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    second = page.locator(".results a").nth(1)
    assert second.evaluate("link => link === document.activeElement")
    href = str(second.get_attribute("href"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{language}/{href}")


# --- Copy -----------------------------------------------------------------------------------------


@BOTH
def test_copy_leaves_out_prompts_answers_and_elisions(
    open_page: Open, language: str, address: str
) -> None:
    page = open_page(f"{language}/{LESSON}", permissions=["clipboard-read", "clipboard-write"])

    def copied(at: int, kind: str) -> str:
        button = page.locator(f".{kind} button").nth(at)
        button.click()
        page.wait_for_function(
            "button => button.textContent === document.body.dataset.copied",
            arg=button.element_handle(),
        )
        return str(page.evaluate("navigator.clipboard.readText()"))

    assert copied(0, "commands") == "pipenv run atelier redis\n"
    assert copied(2, "commands") == (
        "from tasks import celery\ncelery.main\ncelery.conf.broker_url\n"
        "celery.conf.result_backend\n"
    )
    assert copied(0, "file").startswith("from celery import Celery\n\nfrom wsgi import app\n")
    page.goto(f"{address}{language}/02-products.html")
    assert copied(0, "file") == "from flask import Flask, abort, jsonify\n\napp = Flask(__name__)\n"


# --- Light and dark -------------------------------------------------------------------------------

PAPER = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(15, 20, 27)"


@pytest.mark.parametrize(
    ("system", "first", "other"), [("light", LIGHT, DARK), ("dark", DARK, LIGHT)]
)
def test_light_and_dark(open_page: Open, system: str, first: str, other: str) -> None:
    def drawings_shown() -> set[str]:
        return {
            str(each.get_attribute("class")) for each in page.locator(".diagram img:visible").all()
        }

    page = open_page("fr/10-first-task.html", color_scheme=system)
    names = {LIGHT: "light", DARK: "dark"}
    assert page.evaluate(PAPER) == first
    assert drawings_shown() == {names[first]}
    page.locator(".theme").click()
    assert page.evaluate(PAPER) == other
    assert drawings_shown() == {names[other]}
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/fr/11-*")
    assert page.evaluate(PAPER) == other  # kept
    page.locator(".theme").click()
    assert page.evaluate(PAPER) == first
    assert page.evaluate("localStorage.getItem('atelier-theme')") is None  # the system's again
    page.emulate_media(media="print")
    page.goto(page.url.replace("11-task-context", "10-first-task"))
    assert page.evaluate(PAPER) == LIGHT
    assert drawings_shown() == {"light"}
    assert not page.locator(".steps, .beside, .top, .copy").filter(visible=True).count()


def test_drawings_have_their_colors(open_page: Open, address: str) -> None:
    """The policy of the page does not take a drawing's own style away."""
    page = open_page("en/10-first-task.html")
    page.locator(".diagram").first.scroll_into_view_if_needed()
    image = page.locator(".diagram img.light").first
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 50", arg=image.element_handle()
    )
    seen = page.evaluate(
        """image => {
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            const colors = new Set();
            for (let at = 0; at < data.length; at += 4) {
                if (data[at + 3] === 255) colors.add(data.slice(at, at + 3).join());
            }
            return [...colors];
        }""",
        image.element_handle(),
    )
    assert "238,242,251" in seen  # the box of a participant: script/diagrams.html


# --- Everyone -------------------------------------------------------------------------------------


# Colors take longer than all the rest, and what can be scrolled is made so by page.js.
LEFT_OUT = ("color-contrast", "scrollable-region-focusable")
# Shows another page in the place of the one that is open, which takes less time than to go there.
PUT = """html => {
    const { body, title, documentElement } = new DOMParser().parseFromString(html, "text/html");
    document.body.replaceWith(document.adoptNode(body));
    document.documentElement.lang = documentElement.lang;
    document.title = title;
}"""


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark")])
def test_no_serious_accessibility_problem(
    open_page: Open, address: str, language: str, scheme: str
) -> None:
    """On every page; with all that runs on pages that together have every kind of element."""
    files = {
        name: make().decode()
        for name, make in Site(Course(workshop_root())).files().items()
        if name.startswith((language, "index")) and name.endswith(".html")
    }
    assert len(files) > 36
    page = open_page(f"{language}/index.html", color_scheme=scheme)
    problems = []
    for name in (some := chosen(files)):
        page.goto(address + name)
        problems += browser.accessibility_problems(page)
    for name in files.keys() - some:
        page.evaluate(PUT, files[name])
        found = browser.accessibility_problems(page, without=LEFT_OUT)
        problems += [f"{name}: {each}" for each in found]
    assert problems == []


def test_accessibility_problems_are_found(open_page: Open) -> None:
    page = open_page("en/01-hello.html")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")

    def found(*without: str) -> list[str]:
        problems = browser.accessibility_problems(page, without=without)
        return sorted(each.removeprefix(page.url).split(": ")[1] for each in problems)

    assert found() == ["color-contrast", "image-alt"]
    assert found("color-contrast") == ["image-alt"]


def chosen(files: dict[str, str]) -> list[str]:
    """Return a few pages that together have every kind of element that the site has."""
    kinds = {name: kinds_in(html) for name, html in files.items()}
    left = set().union(*kinds.values())
    found = []
    while left:
        best = max(kinds, key=lambda name: len(kinds[name] & left))
        found.append(best)
        left -= kinds[best]
    return found


def kinds_in(html: str) -> set[tuple[str, str]]:
    """Return the tags of a page, each with its classes."""
    elements = site_pages.Page(html).elements
    return {(each.tag, each.attributes.get("class", "")) for each in elements}
