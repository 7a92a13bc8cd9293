"""`reset`, `undo`, `snapshots`: no command loses a byte, whatever stands in the project."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from atelier.commands import start
from atelier.course import Course
from atelier.git import git
from atelier.i18n import choose_language
from atelier.project import ProjectError, create_project
from atelier.snapshots import files_of, listed, snapshots_of
from atelier.state import Progress, State
from tests.say import Say
from tests.undo_kit import Learner, tiny_course


@pytest.mark.parametrize("first", range(0, 50, 10))
def test_no_byte_is_lost_in_hours_at_random(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 10):
        home = tmp_path / str(seed)
        home.mkdir()
        Learner(seed, home).live(8)


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    return tiny_course(tmp_path / "workshop")


@pytest.fixture
def project(tiny: Course, tmp_path: Path) -> Path:
    """A project at the start of step 02."""
    folder = tmp_path / "shop"
    create_project(tiny, folder, tiny.step("02"))
    State(tiny.root).remember(folder, Progress("two"))
    return folder


@pytest.fixture
def say(tiny: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    return Say(tiny, monkeypatch, capsys)


def step_of(project: Path, tiny: Course) -> str:
    progress = State(tiny.root).progress(project)
    assert progress is not None
    return progress.step


def test_reset_and_back_and_back_again(project: Path, tiny: Course, say: Say) -> None:
    (project / "wsgi.py").write_text("an afternoon\n")
    (project / "notes.txt").write_text("mine\n")
    (project / ".env").write_text("MINE=1\n")

    said = say("reset")

    assert (project / "wsgi.py").read_text() == "one\n"
    assert (project / ".env").read_text() == "A=1\n"
    assert (project / "notes.txt").read_text() == "mine\n"
    assert "~ wsgi.py" in said
    assert "pipenv run atelier undo" in said
    say("undo")
    assert (project / "wsgi.py").read_text() == "an afternoon\n"
    assert (project / ".env").read_text() == "MINE=1\n"
    say("undo")
    assert (project / "wsgi.py").read_text() == "one\n"
    say("undo", "1")
    assert (project / "wsgi.py").read_text() == "an afternoon\n"
    assert len(say("snapshots").split("before: ")) == 5
    choose_language("fr")
    assert "avant\N{NO-BREAK SPACE}: reset" in say("snapshots")
    assert step_of(project, tiny) == "two"


def test_undo_goes_back_to_the_step_too(project: Path, tiny: Course, say: Say) -> None:
    say("next", "--anyway")
    assert step_of(project, tiny) == "three"
    assert "02 · " in say("undo")
    assert step_of(project, tiny) == "two"


def test_nothing_to_undo(project: Path, say: Say) -> None:
    assert "no snapshot yet" in say("snapshots")
    with pytest.raises(ProjectError, match="nothing to bring back"):
        say("undo")
    with pytest.raises(ProjectError, match="no snapshot 7"):
        say("undo", "7")


def test_a_deleted_project_comes_back(project: Path, tiny: Course, say: Say) -> None:
    (project / "notes.txt").write_text("mine\n")
    say("reset")
    project.rename(project.with_name("away"))

    say("undo")

    assert (project / "notes.txt").read_text() == "mine\n"
    assert (project / ".env").read_text() == "A=1\n"
    assert "solution/04-four" in git(project, "branch", "--list")
    with pytest.raises(ProjectError):  # there is no way back to the folder that was gone
        say("undo")
    assert (project / "notes.txt").read_text() == "mine\n"


def test_links_are_replaced_not_followed(project: Path, say: Say, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "wsgi.py").write_text("not the project's\n")
    (project / "wsgi.py").unlink()
    (project / "wsgi.py").symlink_to(outside / "wsgi.py")
    (project / "migrations").symlink_to(outside)

    say("reset", "04")

    assert (project / "wsgi.py").read_text() == "two\n"
    assert (project / "migrations" / "env.py").read_text() == "env\n"
    assert [path.name for path in outside.iterdir()] == ["wsgi.py"]
    assert (outside / "wsgi.py").read_text() == "not the project's\n"
    say("undo")
    assert (project / "wsgi.py").readlink() == outside / "wsgi.py"
    assert (project / "migrations").is_symlink()


def test_what_no_snapshot_holds_is_left_alone(project: Path, say: Say) -> None:
    (project / ".gitignore").write_text("tasks.py/\n")
    (project / "tasks.py").mkdir()
    (project / "tasks.py" / "big.bin").write_text("ignored\n")

    with pytest.raises(ProjectError, match=r"git ignores.*tasks\.py"):
        say("solution", "02", "--apply")

    assert (project / "tasks.py" / "big.bin").read_text() == "ignored\n"
    assert (project / "wsgi.py").read_text() == "two\n"  # the rest is done


def test_without_a_snapshot_nothing_is_changed(project: Path, say: Say) -> None:
    place = snapshots_of(project).parent
    place.mkdir(parents=True)
    snapshots_of(project).write_text("a file where the snapshots should be\n")
    (project / "wsgi.py").write_text("mine\n")
    for command in (("reset",), ("next", "--anyway"), ("solution", "--apply"), ("undo",)):
        with pytest.raises(ProjectError, match="nothing was changed"):
            say(*command)
    assert (project / "wsgi.py").read_text() == "mine\n"


def test_the_database_goes_and_comes_with_its_migrations(project: Path, say: Say) -> None:
    for name in ("migrations/versions/mine.py", "instance/shop.db", "instance/notes"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("mine\n")

    said = say("reset", "04")

    assert sorted(path.name for path in (project / "migrations" / "versions").iterdir()) == [
        "abc_one.py"
    ]
    assert not (project / "instance" / "shop.db").exists()
    assert (project / "instance" / "notes").exists()
    assert "flask db upgrade" in said
    say("undo")
    assert (project / "instance" / "shop.db").read_text() == "mine\n"
    say("next", "--anyway")
    (project / "instance" / "shop.db").write_text("rows of today\n")
    say("undo")  # the same migrations: the rows stay
    assert (project / "instance" / "shop.db").read_text() == "rows of today\n"


def test_what_is_no_plain_file_in_a_repository_of_its_own(project: Path, say: Say) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(project / "socket"))
    nested = project / "nested"
    nested.mkdir()
    git(nested, "init", "--quiet")
    (nested / "a.txt").write_text("nested\n")
    (project / "run.sh").write_text("#!/bin/sh\n")
    (project / "run.sh").chmod(0o755)

    say("reset")

    [kept] = listed(project)
    files = files_of(project, kept)
    assert files["nested/a.txt"].content == b"nested\n"
    assert files["run.sh"].mode == "100755"
    assert not any(".git/" in name for name in files)
    assert "socket" not in files


def test_start_at_another_step_keeps_what_was_there(
    project: Path, tiny: Course, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_install", lambda place: True)
    monkeypatch.setattr(start, "_show_where", lambda desk, place: None)
    (project / "wsgi.py").write_text("mine\n")

    assert "start of: 04" in say("start", "--at", "04")

    assert step_of(project, tiny) == "four"
    assert (project / "wsgi.py").read_text() == "two\n"
    say("start", "--at", "04")  # it is there already: nothing to change
    (project / "wsgi.py").write_text("more\n")
    say("undo")
    assert (project / "wsgi.py").read_text() == "two\n"
    say("undo", "1")
    assert (project / "wsgi.py").read_text() == "mine\n"
    assert step_of(project, tiny) == "two"


def test_the_project_knows_no_other_repository(project: Path, say: Say) -> None:
    say("reset")
    assert git(project, "remote") == ""
