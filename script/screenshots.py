"""Takes the pictures of a lesson that the READMEs show. To run it: script/screenshots."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from atelier.course import Course, workshop_root
from atelier.i18n import LANGUAGES
from atelier.lesson.diagrams import THEMES
from atelier.pages.server import HOST, open_server
from atelier.pages.site import Site
from tests.browser import chromium, missing

FOLDER = workshop_root() / "docs" / "screenshots"
STEP = "make-celery"
HEADING = 6  # of the contents, counted from 0: the same in both languages
SIZE = {"width": 1360, "height": 720}
LARGEST = 200_000  # bytes


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write them into")
    folder = parser.parse_args().out
    if missing():
        sys.exit(f"The pictures are taken with Chromium, and there is {missing()}.")
    course = Course(workshop_root())
    server = open_server(Site(course), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder.mkdir(parents=True, exist_ok=True)
    page_name = f"{course.step(STEP).name}.html"
    with chromium() as browser:
        for language in LANGUAGES:
            for theme in THEMES:
                page = browser.new_page(viewport=SIZE, color_scheme=theme)
                page.goto(f"http://{HOST}:{server.port}/{language}/{page_name}")
                page.locator(".contents a").nth(HEADING).click()
                page.locator(".contents a[aria-current]").wait_for()
                page.mouse.move(0, SIZE["height"] - 1)
                file = folder / f"lesson-{language}-{theme}.png"
                page.screenshot(path=file)
                page.close()
                if file.stat().st_size > LARGEST:
                    sys.exit(f"{file} has more than {LARGEST} bytes: choose a smaller window")
                print(f"{file.name}: {file.stat().st_size} bytes")
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
