"""A newer course: progress stays, branches follow, what is the learner's is not touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from atelier.commands import desk, start
from atelier.commands.group import atelier
from atelier.course import Course
from atelier.git import git
from atelier.i18n import choose_language
from atelier.snapshots import files_of, listed
from atelier.state import State
from tests.small_course import change, small_course


def heads(project: Path) -> dict[str, str]:
    listing = git(project, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
    return dict(line.split(" ") for line in listing.splitlines())


def as_learner(project: Path, *words: str) -> None:
    """Run git as somebody else than the tool."""
    who = {"GIT_AUTHOR_NAME": "L", "GIT_AUTHOR_EMAIL": "l@example.org"}
    who |= {"GIT_COMMITTER_NAME": "L", "GIT_COMMITTER_EMAIL": "l@example.org"}
    subprocess.run(["git", *words], cwd=project, env={**os.environ, **who}, check=True)


def test_an_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    choose_language("en")
    root = small_course(tmp_path / "workshop").root
    project = (tmp_path / "shop").resolve()
    monkeypatch.setattr(desk, "workshop_root", lambda: root)
    monkeypatch.setattr(start, "_install", lambda place: True)
    monkeypatch.setattr(start, "_show_where", lambda desk, place: None)

    def begin() -> str:
        atelier.main(["start", str(project)], "atelier", standalone_mode=False)
        return capsys.readouterr().out

    begin()
    state = State(root)
    progress = state.progress(project)
    assert progress is not None
    progress.step, progress.met = "part", ["greet"]
    state.update(project, progress)
    (project / "greet.py").write_text("mine\n")
    as_learner(project, "add", "greet.py")
    as_learner(project, "commit", "--quiet", "-m", "mine")
    as_learner(project, "branch", "feature")
    as_learner(project, "branch", "solution/mine")
    (project / ".env").write_text("MINE=1\n")
    before = heads(project)
    unchanged = project / ".git/refs/heads/solution/01-greet"
    moment = unchanged.stat().st_mtime_ns

    assert "upgraded" not in begin()  # the same course
    assert listed(project) == []
    for folder in ("exercises", "solutions"):  # the second step is now the third
        (root / folder / "02-part").rename(root / folder / "03-part")
    change(root, "solutions/03-part/part.py", "bye", "good bye")
    said = begin()

    assert "The course was upgraded" in said
    after = heads(project)
    own = ("main", "feature", "solution/mine", "solution/01-greet")
    assert [after[name] for name in own] == [before[name] for name in own]
    assert unchanged.stat().st_mtime_ns == moment
    assert "solution/02-part" not in after
    assert "good bye" in git(project, "show", "solution/03-part:part.py")
    progress = State(root).progress(project)
    assert progress is not None
    assert (progress.step, progress.met) == ("part", ["greet"])
    [kept] = listed(project)
    assert kept.before == "upgrade"
    assert files_of(project, kept)[".env"].content == b"MINE=1\n"
    assert (project / "greet.py").read_text() == "mine\n"
    atelier.main(["snapshots"], "atelier", standalone_mode=False)
    assert "before the course was upgraded" in capsys.readouterr().out


def test_a_commit_of_the_learners_on_a_solution_branch_stays(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atelier.branches import branch_of, write_branches
    from atelier.project import make_repository

    (tmp_path / "shop").mkdir()
    make_repository(course, tmp_path / "shop")
    name = branch_of(course.steps[3])
    as_learner(tmp_path / "shop", "switch", "--quiet", name)
    as_learner(tmp_path / "shop", "commit", "--quiet", "--allow-empty", "-m", "tried here")
    as_learner(tmp_path / "shop", "switch", "--quiet", "--detach")
    before = heads(tmp_path / "shop")

    written = write_branches(course, tmp_path / "shop")

    assert name not in written
    assert heads(tmp_path / "shop") == before
