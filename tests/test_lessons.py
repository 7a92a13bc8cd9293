"""Lessons: parity, coverage, readability, language; and each of these checks finds its defect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from atelier.course import Course, Step, workshop_root
from atelier.i18n import LANGUAGES
from atelier.lesson.blocks import Commands, Document, FileBlock
from atelier.lesson.code import essential_lines, pieces
from atelier.lesson.coverage import coverage_defects
from atelier.lesson.language import PARTS, language_defects
from atelier.lesson.parity import parity_defects
from atelier.lesson.parse import LessonError, parse_lesson, read_lesson
from atelier.lesson.readability import anchor_of, readability_defects
from atelier.verify.texts import lesson_defects

COURSE = Course(workshop_root())


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_lesson_is_whole_readable_and_one_in_both_languages(step: Step) -> None:
    found = list(lesson_defects(COURSE, step))
    assert not found, "\n".join(found)


# The checks are checked: a small course, then one defect planted in it.

LESSON = """\
# 02 · Two

[{other}](../{code}/02-two.md)

## {parts[0]}

Read.

## {parts[1]}

Because.

## {parts[2]}

| a | b |
|---|---|
| c | d |

## {parts[3]}

> [!NOTE]
> A note.

`app.py`

```python
# [...]
b = 2
c = 3  # {comment}
```

**{free}**

```bash
python app.py
```

```text
3
```

## {parts[4]}

`app.py`

```python
anything = 1
```

## {parts[5]}

See [the page](../../NOTES.md#a-place).

## {parts[6]}

Answer.

## {parts[7]}

Look.

## {parts[8]}

Remember.

## {parts[9]}

More.
"""


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A course of two steps, without defects."""
    for name, text in (("01-one", "a = 1\n"), ("02-two", "a = 1\nb = 2\nc = 3\n")):
        (tmp_path / "solutions" / name).mkdir(parents=True)
        (tmp_path / "solutions" / name / "app.py").write_text(text)
        (tmp_path / "exercises" / name).mkdir(parents=True)
        (tmp_path / "exercises" / name / "step.toml").write_text(
            'kind = "guided"\nminutes = 1\n[title]\nen = "Two"\nfr = "Two"\n'
        )
    (tmp_path / "NOTES.md").write_text("# Notes\n\n## A place\n")
    for code, other, free, comment in (
        ("en", "fr", "Free terminal", "three"),
        ("fr", "en", "Terminal libre", "trois"),
    ):
        page = tmp_path / "lessons" / code / "02-two.md"
        page.parent.mkdir(parents=True)
        page.write_text(
            LESSON.format(parts=PARTS[code], other=other, code=other, free=free, comment=comment)
        )
    return Course(tmp_path)


def defects(course: Course) -> list[str]:
    step = course.step("02")
    pages = {code: read_lesson(step.lesson(code)) for code in LANGUAGES}
    found = list(parity_defects(pages["en"], pages["fr"]))
    for code, page in pages.items():
        found += coverage_defects(course, step, page)
        found += readability_defects(page)
        found += language_defects(page, code)
    return found


def change(course: Course, language: str, old: str, new: str) -> None:
    page = course.step("02").lesson(language)
    text = page.read_text("utf-8")
    assert old in text
    page.write_text(text.replace(old, new, 1), "utf-8")


def both(old: str, new: str) -> Callable[[Course], None]:
    def plant(course: Course) -> None:
        change(course, "en", old, new)
        change(course, "fr", old, new)

    return plant


def one(language: str, old: str, new: str) -> Callable[[Course], None]:
    return lambda course: change(course, language, old, new)


def practice(course: Course) -> None:
    settings = course.step("02").exercise / "step.toml"
    settings.write_text(settings.read_text().replace("guided", "practice"))
    del course.__dict__["steps"]  # read anew


def given(course: Course) -> None:
    practice(course)
    settings = course.step("02").exercise / "step.toml"
    settings.write_text('given = ["app.py"]\n' + settings.read_text())
    del course.__dict__["steps"]


def test_small_course_has_no_defect(small: Course) -> None:
    assert defects(small) == []


def test_practice_step_shows_what_is_given(small: Course) -> None:
    given(small)
    assert defects(small) == []
    both("b = 2\n", "")(small)
    assert "never shown: b = 2" in "\n".join(defects(small))


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (one("fr", "b = 2", "b = 4"), ["fr", "FileBlock"]),
        (one("fr", "## Pourquoi\n", ""), ["fr/02-two.md"]),
        (one("en", "python app.py", "python3 app.py"), ["Commands"]),
        (one("fr", "| c | d |\n", "| c | d |\n| e | f |\n"), ["table"]),
        (one("fr", "[!NOTE]", "[!TIP]"), ["alert TIP"]),
        (one("fr", "Terminal libre", "Terminal web"), ["Commands"]),
        (one("fr", "(../../NOTES.md#a-place)", "(../../exercises)"), ["only one language links"]),
        (both("b = 2\nc = 3", "b = 2\nc = 5"), ["does not stand in the solution"]),
        (both("b = 2\n", ""), ["never shown: b = 2"]),
        (practice, ["gives the solution away"]),
        (both("> [!NOTE]\n> A note.", "- x\n\n  > [!NOTE]\n  > A note."), ["top level"]),
        (both("NOTES.md#a-place", "NOTES.md#elsewhere"), ["no heading #elsewhere"]),
        (both("NOTES.md#a-place", "GONE.md"), ["there is no ../../GONE.md"]),
        (both("Read.", "![](../../NOTES.md)"), ["say in words"]),
        (one("en", "Read.", "It is simply this."), ["“simply”"]),
        (one("fr", "Read.", "Il suffit de lire."), ["Il suffit"]),
        (one("fr", "Read.", "Lire !"), ["U+00A0"]),
        (one("fr", "Read.", "Lire:"), ["U+00A0"]),
        (one("fr", "Read.", "Les étudiant·es"), ["médian"]),
        (one("en", "Read.", "word " * 26 + "."), ["26 words"]),
        (one("en", "## Remember", "## Keep"), ["the parts are"]),
    ],
)
def test_planted_defect_is_found(
    small: Course, plant: Callable[[Course], None], words: list[str]
) -> None:
    plant(small)
    found = "\n".join(defects(small))
    for word in words:
        assert word in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```bash\nls\n```\n", "1: say above this block"),
        ("**Free terminal**\n\nThen.\n", "1: this terminal has no block"),
        ("**Free terminal**\n\n```python\nx\n```\n", "1: this terminal has no"),
        ("Text\n\n**Terminal worker**\n", "3: this terminal has no block"),
        ("```klingon\nx\n```\n", "1: no block is of the kind klingon"),
        ('<!-- follow: ready "x -->\n', "1: No closing quotation"),
        ("<!-- follow: stop x --> y\n", "1: a directive stands alone"),
    ],
)
def test_lesson_that_cannot_be_read_names_its_line(text: str, words: str) -> None:
    with pytest.raises(LessonError) as error:
        parse_lesson(text, Path("lesson.md"))
    assert f"lesson.md:{words}" in str(error.value)


def test_terminals_files_and_directives_belong_to_the_block_below() -> None:
    document: Document = parse_lesson(
        "<!-- follow: stop web -->\nProse.\n\n"
        '<!-- follow: ready "up" -->\n**Terminal Redis** (in the workshop\'s folder)\n\n'
        "```bash\nrun\n```\n\n`a/b.py`\n\n```python\nx = 1\n```\n",
        Path("lesson.md"),
    )
    [commands] = [block for block in document.blocks if isinstance(block, Commands)]
    [file] = [block for block in document.blocks if isinstance(block, FileBlock)]
    ready = commands.directive("ready")
    assert (commands.terminal, commands.in_workshop, commands.lines) == ("redis", True, ["run"])
    assert ready is not None
    assert ready.arguments == ("up",)
    assert (file.file, file.line) == ("a/b.py", 13)
    assert commands.directive("stop") is None


def test_code_is_compared_without_comments() -> None:
    code = 'a = "#1"  # one\n\n# two\nb = 2\n# [...]\nc = 3\n'
    assert essential_lines(code) == ['a = "#1"', "b = 2", "# [...]", "c = 3"]
    assert pieces(code) == [['a = "#1"', "b = 2"], ["c = 3"]]


def test_anchors_are_github_s() -> None:
    assert anchor_of("À retenir : l’ordre, d’abord !") == "à-retenir--lordre-dabord-"
