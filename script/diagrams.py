"""Draws the diagrams of the lessons, in light and in dark, with mermaid in Chromium.

Same text, same bytes: mermaid has one version, ids come from the text, and words are measured in
one font. To run it: script/diagrams.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from atelier.lesson.diagrams import (
    diagrams_of,
    drawing_fault,
    drawing_id,
    drawings,
    key_of,
    stray_drawings,
)
from atelier.lesson.parse import LessonError, read_lesson

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).resolve().with_suffix(".html")

MERMAID = "12.3.0"
# Of the package, as npm itself writes it after "sha512-".
INTEGRITY = (
    "4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw=="
)
FONT = "DejaVu Sans"
BROWSERS = ("chromium", "chromium-browser")
PATIENCE = 120  # seconds


@dataclass(frozen=True)
class Job:
    """A drawing to make: whose it is, and where it goes."""

    where: str
    path: Path
    theme: str
    text: str

    @property
    def id(self) -> str:
        """The id of its root."""
        return drawing_id(key_of(self.text), self.theme)


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="script/diagrams", description="Draw the diagrams.")
    parser.add_argument("--all", action="store_true", help="draw every diagram anew")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("--lang", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    lessons = arguments.root / "lessons"
    try:
        jobs = jobs_of(lessons)
        wanted = [job for job in jobs if arguments.all or not job.path.is_file()]
        if wanted:
            draw(wanted)
        # Only now: what is drawn anew takes the place of what goes.
        strays = stray_drawings(lessons)
    except LessonError as error:
        sys.exit(str(error))
    for path in strays:
        path.unlink()
        print(f"{path.relative_to(arguments.root)}: removed, no lesson has this diagram")
    for job in wanted:
        print(f"{job.path.relative_to(arguments.root)}: drawn, for {job.where}")
    print(f"{len(jobs)} drawings, {len(wanted)} of them new.")
    return 0


def jobs_of(lessons: Path) -> list[Job]:
    """Return every drawing that the lessons need, each once."""
    jobs: dict[Path, Job] = {}
    for page in sorted(lessons.glob("??/*.md")):
        for diagram in diagrams_of(read_lesson(page)):
            where = f"{page.relative_to(lessons.parent)}:{diagram.line}"
            for theme, path in drawings(lessons / "diagrams", diagram.text).items():
                jobs.setdefault(path, Job(where, path, theme, diagram.text))
    return list(jobs.values())


def draw(jobs: list[Job]) -> None:
    """Draw them all; nothing is written unless all of them are sound."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("There is no Chromium here, which draws the diagrams: apt-get install chromium")
    if not shutil.which("node") or not shutil.which("npm"):
        sys.exit("There is no Node.js with npm here, which fetches mermaid: apt-get install npm")
    if FONT not in said_by(["fc-match", "--format=%{family}", FONT]):
        sys.exit(f"There is no {FONT} here, the font of all drawings: apt-get install fonts-dejavu")
    with tempfile.TemporaryDirectory(prefix="atelier-diagrams-") as scratch:
        work = Path(scratch)
        fetch_mermaid(work)
        shutil.copy(PAGE, work / "page.html")
        asked = [{"id": job.id, "theme": job.theme, "text": job.text} for job in jobs]
        (work / "jobs.js").write_text(f"const JOBS = {json.dumps(asked)};\n", encoding="utf-8")
        drawn = [rendered(browser, work, number) for number in range(len(jobs))]
    for job, answer in zip(jobs, drawn, strict=True):
        if "error" in answer:
            sys.exit(f"{job.where}: mermaid cannot draw this diagram: {answer['error']}")
        if fault := drawing_fault(answer["svg"], job.id):
            sys.exit(f"{job.where}: the drawing of this diagram {fault}")
    for job, answer in zip(jobs, drawn, strict=True):
        job.path.parent.mkdir(exist_ok=True)
        job.path.write_text(answer["svg"] + "\n", encoding="utf-8")


def fetch_mermaid(work: Path) -> None:
    """Put mermaid.min.js into the folder, from the package that npm fetches or remembers."""
    command = ["npm", "pack", "--silent", f"mermaid@{MERMAID}"]
    done = subprocess.run(
        command, cwd=work, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    package = work / f"mermaid-{MERMAID}.tgz"
    if done.returncode or not package.is_file():
        sys.exit(f"npm could not fetch mermaid {MERMAID}: is the network there?\n{done.stderr}")
    digest = hashlib.sha512(package.read_bytes()).digest()
    if base64.b64encode(digest).decode() != INTEGRITY:
        sys.exit(f"What npm fetched is not mermaid {MERMAID} as it was published: do not use it.")
    with tarfile.open(package) as archive:
        content = archive.extractfile("package/dist/mermaid.min.js")
        assert content is not None  # it is a file, not a folder
        (work / "mermaid.min.js").write_bytes(content.read())


def rendered(browser: str, work: Path, number: int) -> dict[str, str]:
    """Open the page for one job, and return what it has drawn, or the error."""
    command = [
        *(browser, "--headless", "--disable-gpu", "--disable-extensions"),
        f"--user-data-dir={work / 'profile'}",
        "--virtual-time-budget=60000",  # until nothing is left to do, not in seconds of ours
        "--dump-dom",
        f"{(work / 'page.html').as_uri()}#{number}",
    ]
    if os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # root has none
    found = re.search(r"<pre>(.*)</pre>", said_by(command), re.DOTALL)
    if found is None:
        sys.exit(f"{browser} ended, or was stopped after {PATIENCE} s, without a drawing.")
    drawn: dict[str, str] = json.loads(html.unescape(found[1]))
    return drawn


def said_by(command: list[str]) -> str:
    """Return what a command prints, empty when it is not there or does not end."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
