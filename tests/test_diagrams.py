"""Diagrams: each has its words and its two drawings; each defect is found and named.

Drawing itself needs the network, for mermaid: it is not tested here. What `script/diagrams` does
around it is, and so are the drawings that are checked in.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atelier.course import workshop_root
from atelier.i18n import LANGUAGES
from atelier.lesson.diagrams import (
    THEMES,
    diagram_defects,
    diagrams_of,
    drawing_fault,
    drawing_id,
    drawings,
    key_of,
    said_in,
    stray_defects,
)
from atelier.lesson.parity import parity_defects
from atelier.lesson.parse import parse_lesson, read_lesson
from atelier.lesson.readability import readability_defects

LESSONS = workshop_root() / "lessons"
DRAWINGS = sorted((LESSONS / "diagrams").glob("*.svg"))
SCRIPT = workshop_root() / "script" / "diagrams.py"
LARGEST = 20_000  # bytes

DIAGRAM = """\
sequenceDiagram
    accTitle: {title}
    accDescr: {description}
    participant A as {who}
    box {frame}
    participant B as web
    end
    A->>B: {what}
"""
WORDS = {
    "en": {
        "title": "A request",
        "description": "The client, as always: it asks.",
        "who": "client",
        "frame": "Here",
        "what": "request: one",
    },
    "fr": {
        "title": "Une requête",
        "description": "Le client demande.",
        "who": "client",
        "frame": "Ici",
        "what": "requête",
    },
}


# --- The drawings that are checked in -------------------------------------------------------------


def test_no_drawing_is_without_a_lesson() -> None:
    assert list(stray_defects(LESSONS)) == []


def test_there_are_drawings() -> None:
    assert DRAWINGS


@pytest.mark.parametrize("path", DRAWINGS, ids=[path.name for path in DRAWINGS])
def test_drawing_is_sound_and_small(path: Path) -> None:
    """No script, no address, no font of its own, and the id that its name promises."""
    key, theme, _svg = path.name.split(".")
    text = path.read_text("utf-8")
    assert drawing_fault(text, drawing_id(key, theme)) == ""
    assert "<script" not in text
    assert "@font-face" not in text
    assert text.count("://") == text.count("http://www.w3.org/")  # the names of the formats
    assert len(text) < LARGEST
    assert text.endswith("</svg>\n")


# --- The key --------------------------------------------------------------------------------------


def test_key_is_that_of_the_text_whatever_its_line_ends_and_blank_lines() -> None:
    assert key_of("a\n  b\n") == key_of("a  \r\n\r\n  b") == key_of("\na\n  b\n\n")
    assert key_of("a\nb\n") != key_of("a\n  b\n")  # some diagrams mean their indentation
    assert key_of("é") != key_of("e")
    assert len(key_of("a")) == 12


def test_words_of_a_diagram_are_read() -> None:
    text = DIAGRAM.format(**WORDS["en"])
    assert said_in(text, "accTitle") == "A request"
    assert said_in(text, "accDescr") == "The client, as always: it asks."
    assert said_in("    accTitle:\n    accDescr: x\n", "accTitle") == ""


# --- Defects --------------------------------------------------------------------------------------


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    """A lesson in two languages, with its diagram and sound drawings."""
    folder = tmp_path / "lessons"
    (folder / "diagrams").mkdir(parents=True)
    for language in LANGUAGES:
        text = DIAGRAM.format(**WORDS[language])
        (folder / language).mkdir()
        page_of(folder, language).write_text(f"# 02 · Two\n\n```mermaid\n{text}```\n", "utf-8")
        for theme, path in drawings(folder / "diagrams", text).items():
            path.write_text(drawing(drawing_id(key_of(text), theme)), "utf-8")
    return folder


def page_of(folder: Path, language: str) -> Path:
    return folder / language / "02-two.md"


def drawing(root_id: str, inside: str = "") -> str:
    return f'<svg id="{root_id}" xmlns="http://www.w3.org/2000/svg">{inside}</svg>\n'


def drawn(folder: Path, language: str = "en", theme: str = "light") -> Path:
    """Return the drawing of the lesson's diagram."""
    diagram = diagrams_of(read_lesson(page_of(folder, language)))[0]
    return drawings(folder / "diagrams", diagram.text)[theme]


def defects(folder: Path) -> list[str]:
    pages = [read_lesson(page_of(folder, language)) for language in LANGUAGES]
    return [*(each for page in pages for each in readability_defects(page)), *stray_defects(folder)]


def test_small_lesson_has_no_defect(lessons: Path) -> None:
    assert defects(lessons) == []


def test_diagrams_that_differ_by_their_words_are_in_parity(lessons: Path) -> None:
    english, french = (read_lesson(page_of(lessons, language)) for language in ("en", "fr"))
    assert list(parity_defects(english, french)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A->>B", "A-->>B"),
        ("    accDescr: Le client demande.\n", ""),
        ("participant A", "actor A"),
    ],
)
def test_diagrams_that_differ_otherwise_are_not(lessons: Path, old: str, new: str) -> None:
    english = read_lesson(page_of(lessons, "en"))
    text = page_of(lessons, "fr").read_text("utf-8")
    assert old in text
    french = parse_lesson(text.replace(old, new), page_of(lessons, "fr"))
    assert "02-two.md:3: Diagram" in "\n".join(parity_defects(english, french))


def in_lesson(old: str, new: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        page = page_of(folder, "en")
        text = page.read_text("utf-8")
        assert old in text
        page.write_text(text.replace(old, new), "utf-8")

    return plant


def in_drawing(inside: str) -> Callable[[Path], None]:
    def plant(folder: Path) -> None:
        path = drawn(folder)
        path.write_text(drawing(f"diagram-{path.name.split('.')[0]}-light", inside), "utf-8")

    return plant


def taken_for_another(folder: Path) -> None:
    shutil.copy(drawn(folder, "fr"), drawn(folder, "en"))


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (
            lambda folder: drawn(folder).unlink(),
            ["this diagram has no", ".light.svg", "run script"],
        ),
        (lambda folder: drawn(folder, theme="dark").unlink(), ["has no", ".dark.svg"]),
        (in_lesson("request: one", "another"), ["en/02-two.md:3: this diagram has no"]),
        (in_lesson("accTitle: A request", "accTitle:"), ["“accTitle: …” that names"]),
        (in_lesson("accDescr:", "%% accDescr:"), ["“accDescr: …” that says in words"]),
        (taken_for_another, ["the drawing of another diagram", "script/diagrams --all"]),
        (lambda folder: drawn(folder).write_text("<svg>"), ["is not XML"]),
        (in_drawing("<script>1</script>"), ["holds a <script>"]),
        (in_drawing("<foreignObject/>"), ["holds a <foreignObject>"]),
        (in_drawing('<g onclick="x()"/>'), ["holds a program (onclick)"]),
        (in_drawing('<use href="other.svg#a"/>'), ["names an address (href)"]),
        (in_drawing('<g fill="url(https://example.org/)"/>'), ["names an address (fill)"]),
        (in_drawing('<a href="javascript:x()"/>'), ["names an address (href)"]),
        (in_drawing("<style>@import 'x'</style>"), ["a style that names an address"]),
        (in_drawing("<style>a {src: url(x)}</style>"), ["a style that names an address"]),
    ],
)
def test_planted_defect_is_found(
    lessons: Path, plant: Callable[[Path], None], words: list[str]
) -> None:
    plant(lessons)
    found = "\n".join(defects(lessons))
    for word in [*words, "en/02-two.md:3: "]:
        assert word in found


@pytest.mark.parametrize(
    "inside",
    ['<use href="#a"/>', '<g filter="url(#a)"/>', "<style>a {fill: url('#a')}</style>"],
)
def test_what_stays_in_the_drawing_is_no_defect(lessons: Path, inside: str) -> None:
    in_drawing(inside)(lessons)
    assert defects(lessons) == []


def test_stray_drawing_is_found_and_named(lessons: Path) -> None:
    stray = lessons / "diagrams" / "0123456789ab.dark.svg"
    stray.write_text(drawing("diagram-0123456789ab-dark"))
    assert defects(lessons) == [
        f"{stray}:1: no lesson has this diagram; run script/diagrams, which removes it"
    ]


def test_lesson_of_the_course_without_its_drawing_is_found(tmp_path: Path) -> None:
    """On a real lesson: its diagrams are seen."""
    page = tmp_path / "lessons" / "fr" / "10-first-task.md"
    page.parent.mkdir(parents=True)
    shutil.copy(LESSONS / "fr" / page.name, page)
    found = list(diagram_defects(read_lesson(page)))
    assert len(found) == len(THEMES) * len(diagrams_of(read_lesson(page)))


# --- script/diagrams ------------------------------------------------------------------------------


def run(lessons: Path, tools: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script where the only programs are these: name -> shell code."""
    folder = lessons.parent / "bin"
    folder.mkdir()
    for name, code in tools.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--root", str(lessons.parent), *arguments],
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_script_needs_nothing_where_nothing_is_to_draw(lessons: Path) -> None:
    stray = lessons / "diagrams" / "0123456789ab.dark.svg"
    stray.touch()
    done = run(lessons, {})
    assert done.returncode == 0, done.stderr
    assert not stray.exists()
    assert done.stdout.splitlines() == [
        "lessons/diagrams/0123456789ab.dark.svg: removed, no lesson has this diagram",
        "4 drawings, 0 of them new.",
    ]


FONT = {"fc-match": "printf 'DejaVu Sans'"}
BROWSER = {"chromium": "exit 1"}
NPM = {"node": "exit 1", "npm": "exit 1"}


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ({**NPM, **FONT}, "no Chromium here"),
        ({**BROWSER, **FONT}, "no Node.js with npm here"),
        ({**BROWSER, **NPM, "fc-match": "printf Verdana"}, "no DejaVu Sans here"),
        ({**BROWSER, **NPM, **FONT}, "npm could not fetch mermaid"),
        (
            {**BROWSER, **NPM, **FONT, "npm": "echo no >mermaid-${3#*@}.tgz"},
            "is not mermaid",
        ),
    ],
)
def test_script_says_in_one_sentence_what_it_lacks(
    lessons: Path, tools: dict[str, str], words: str
) -> None:
    gone, stray = drawn(lessons), lessons / "diagrams" / "0123456789ab.dark.svg"
    gone.unlink()
    stray.touch()
    done = run(lessons, tools)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert stray.exists()  # nothing is done by halves


def test_script_names_the_lesson_that_it_cannot_read(lessons: Path) -> None:
    page_of(lessons, "en").write_text("```klingon\nx\n```\n")
    done = run(lessons, {})
    assert done.returncode == 1
    assert "02-two.md:1: no block is of the kind klingon" in done.stderr


def test_script_can_be_typed() -> None:
    assert SCRIPT.with_suffix("").stat().st_mode & stat.S_IXUSR
