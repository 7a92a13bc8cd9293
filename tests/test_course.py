"""The course on disk: complete in both languages, and read as it should be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atelier.course import BrokenCourse, Course, Step, UnknownStep, read_tree, workshop_root
from atelier.i18n import LANGUAGES

COURSE = Course(workshop_root())
STEPS = [pytest.param(step, id=step.name) for step in COURSE.steps]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_lesson_begins_with_its_title_and_its_twin(step: Step, language: str) -> None:
    lines = step.lesson(language).read_text("utf-8").splitlines()
    other = next(code for code in LANGUAGES if code != language)
    assert lines[0] == f"# {step.number:02d} · {step.titles[language]}"
    assert f"(../{other}/{step.name}.md)" in lines[2]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_hints(step: Step, language: str) -> None:
    text = (step.exercise / f"hints.{language}.md").read_text("utf-8")
    hints = re.findall(r"^## (\d+)$", text, re.MULTILINE)
    assert len(hints) >= (3 if step.kind == "practice" else 1)
    assert hints == [str(number) for number in range(1, len(hints) + 1)]


@pytest.mark.parametrize(
    ("name", "found"),
    [("9", "09-make-celery"), ("09", "09-make-celery"), ("make-celery", "09-make-celery")],
)
def test_step_by_number_slug_and_name(name: str, found: str) -> None:
    assert COURSE.step(name).name == found
    assert COURSE.step(found).name == found


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("99", COURSE.steps[-1].name), ("0", "01-hello"), ("broker-dwn", "13-broker-down"), ("", "")],
)
def test_unknown_step_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UnknownStep, match="nearest is " + (nearest if name else "")):
        COURSE.step(name)


def test_tree_overlays_and_removes(tmp_path: Path) -> None:
    settings = 'kind = "guided"\nminutes = 1\n[title]\nen = "A"\nfr = "B"\n'
    for name, files, removes in (
        ("01-one", {"a.py": "1", "b.py": "1", "dot.env": "X=1"}, ""),
        ("02-two", {"a.py": "2"}, 'removes = ["b.py"]\n'),
    ):
        (tmp_path / "exercises" / name / "start").mkdir(parents=True)
        (tmp_path / "exercises" / name / "step.toml").write_text(removes + settings)
        (tmp_path / "solutions" / name).mkdir(parents=True)
        for file, text in files.items():
            (tmp_path / "solutions" / name / file).write_text(text)
    (tmp_path / "exercises" / "02-two" / "start" / "given.py").write_text("g")
    course = Course(tmp_path)

    assert course.tree(course.steps[0]) == {"a.py": b"1", "b.py": b"1", ".env": b"X=1"}
    assert course.tree_before(course.steps[1]) == {
        **course.tree(course.steps[0]),
        "given.py": b"g",
    }
    assert course.tree(course.steps[1]) == {"a.py": b"2", ".env": b"X=1", "given.py": b"g"}


def test_broken_step_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "exercises" / "01-one").mkdir(parents=True)
    (tmp_path / "exercises" / "01-one" / "step.toml").write_text("kind = ")
    with pytest.raises(BrokenCourse, match=r"01-one.step\.toml"):
        _steps = Course(tmp_path).steps


def test_ignored_names_are_stored_under_others(tmp_path: Path) -> None:
    (tmp_path / "dot.gitignore").write_text(".env\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_text("")
    assert read_tree(tmp_path) == {".gitignore": b".env\n"}
