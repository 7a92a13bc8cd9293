"""A real browser for a learner's page, where the workshop has one: Chromium, by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atelier.i18n import _
from atelier.verdicts import NotYet, OurSide, Skipped

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PATIENCE = 20_000  # milliseconds, for each thing that a page is asked or waits for
# Quiet: no request but those of the page. Root has no sandbox.
_OPTIONS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@contextmanager
def real_browser() -> Iterator[Browser]:
    """Run Chromium, with a profile of its own that goes with it.

    It belongs to the thread that started it. Raises Skipped where this machine has none, and
    NotYet when the page does not do what the body of the `with` waits for.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise Skipped(_("There is no Chromium on this machine."))
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Skipped(
            _("Playwright is missing; in the workshop: pipenv sync --categories browser")
        ) from None
    options = [*_OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as tool:
        try:
            browser = tool.chromium.launch(
                executable_path=program, args=options, timeout=2 * _PATIENCE
            )
        except Error as error:
            raise OurSide(_("Chromium did not start."), seen=str(error)[:500]) from error
        try:
            yield browser
        except Error as error:  # most often: what it waited for did not come
            raise NotYet(
                _("In the browser, the page did not do what was waited for."),
                seen=str(error)[:500],
                look=_("What does the console of your own browser say about this page?"),
            ) from error
        finally:
            browser.close()
