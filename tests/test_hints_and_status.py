"""`hint`, `diff`, `solution`, `status` and the end of the course."""

from __future__ import annotations

from pathlib import Path

import pytest

from atelier.commands import check
from atelier.course import Course
from atelier.git import git
from atelier.i18n import choose_language
from atelier.project import ProjectError, create_project
from atelier.state import Progress, State
from tests.say import Say
from tests.small_course import small_course, write


@pytest.fixture
def small(tmp_path: Path) -> Course:
    course = small_course(tmp_path / "workshop")
    for language, words in (("en", ("One?", "Two?")), ("fr", ("Un ?", "Deux ?"))):
        text = f"## 1\n\n{words[0]}\n\n## 2\n\n{words[1]}\n"
        write(course.root, f"exercises/01-greet/hints.{language}.md", text)
    return course


@pytest.fixture
def project(small: Course, tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    create_project(small, folder, small.first)
    State(small.root).remember(folder, Progress(small.first.slug))
    return folder


@pytest.fixture
def say(small: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    return Say(small, monkeypatch, capsys)


def test_one_hint_at_a_time_remembered(project: Path, say: Say) -> None:
    first = say("hint")
    assert "Hint 1 of 2" in first
    assert "One?" in first
    assert "Two?" not in first
    second = say("hint")
    assert "One?" not in second
    assert "Two?" in second
    assert "the last hint" in second
    assert "Two?" in say("hint")  # again, rather than nothing


def test_all_hints_in_french(project: Path, say: Say) -> None:
    choose_language("fr")
    said = say("hint", "01", "--all")
    assert "Indice 1 sur 2" in said
    assert said.index("Un ?") < said.index("Deux ?")


def test_hints_of_every_step_are_read(course: Course) -> None:
    from atelier.hints import hints

    for step in course.steps:
        found = {language: hints(step, language) for language in ("en", "fr")}
        assert len(found["en"]) == len(found["fr"]) >= (3 if step.kind == "practice" else 1)
        assert not any("## " in text for texts in found.values() for text in texts)


def test_diff_waits_to_be_asked_until_the_step_is_met(
    project: Path, small: Course, say: Say
) -> None:
    (project / "greet.py").write_text('GREETING = "hi"\n')

    refused = say("diff")

    assert say.code == 1
    assert "diff --anyway" in refused
    assert "def greet" not in refused
    shown = say("diff", "--anyway")
    assert '-GREETING = "hi"' in shown
    assert "+def greet(name):" in shown
    State(small.root).update(project, Progress("greet", met=["greet"]))
    assert "+def greet(name):" in say("diff")
    (project / "greet.py").write_text((small.first.solution / "greet.py").read_text())
    assert "the same as the solution" in say("diff", "01")


def test_diff_asks_in_a_terminal(project: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_language("fr")
    answers = iter(["", "o"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text: next(answers))
    assert "def greet" not in say("diff")
    assert "def greet" in say("diff")


def test_solution_shows_and_writes(project: Path, say: Say) -> None:
    assert "def greet(name):" in say("solution")
    assert not (project / "greet.py").exists()
    assert "undo" in say("solution", "--apply")
    assert "def greet" in (project / "greet.py").read_text()
    assert git(project, "status", "--short") == "?? greet.py"


def test_status_says_how_long_is_left_and_what_to_type(project: Path, say: Say) -> None:
    said = say("status")
    assert "> [ ] 01 · Greet" in said
    assert "0 of 2 steps are met; about 30 min" in said
    assert "atelier watch" in said
    say("solution", "--apply")
    say("check")
    said = say("status")
    assert "> [x] 01 · Greet" in said
    assert "atelier next" in said


def test_the_end_of_the_course(
    project: Path, small: Course, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "workshop_root", lambda: small.root, raising=False)
    say("next", "--anyway")
    say("solution", "--apply")

    almost = say("next")

    assert "02 · Part is the last step" in almost
    assert "check 01" in almost
    say("solution", "01", "--apply")
    say("check", "01")
    assert "the end of the course: its 2 steps are met" in say("next")
    assert "the end of the course" in say("status")


def test_a_step_that_a_newer_course_left_out(project: Path, small: Course, say: Say) -> None:
    State(small.root).update(project, Progress("gone", met=["greet", "gone"]))
    assert "> [ ] 02 · Part" in say("status")


def test_a_step_without_hints(project: Path, small: Course, say: Say) -> None:
    (small.first.exercise / "hints.en.md").unlink()
    with pytest.raises(ProjectError, match="has no hints"):
        say("hint")
