"""Chromium for the tests: one for all of them, driven by Playwright, which may not be here."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
# Quiet: no request but those of the page. Root has no sandbox.
_OPTIONS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
# Source: https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#api-name-axerun
_AXE = """async without => {
    const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    const { violations } = await axe.run(document, { resultTypes: ["violations"], rules });
    return violations
        .filter(({ impact }) => ["serious", "critical"].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target)}`);
}"""


def missing() -> str:
    """Return what is missing to drive a browser here, nothing when all is there."""
    if PROGRAM is None:
        return "no chromium on PATH"
    try:
        import axe_playwright_python
        import playwright.sync_api
    except ImportError:
        return "no Playwright: pipenv sync --categories browser"
    del axe_playwright_python, playwright
    return ""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium, with a profile of its own that goes with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=PROGRAM, args=_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def accessibility_problems(page: Page, *, without: Sequence[str] = ()) -> list[str]:
    """Return the serious problems that axe-core finds, `without` some rules, on an open page."""
    import axe_playwright_python

    program = Path(axe_playwright_python.__file__).with_name("axe.min.js")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(program.read_text("utf-8"))
    found: list[str] = page.evaluate(_AXE, without)
    return [f"{page.url}: {each}" for each in found]
