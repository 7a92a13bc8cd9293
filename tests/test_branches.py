"""The solution branches: the same everywhere, and nothing else of the repository touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from atelier.branches import branch_of, write_branches
from atelier.course import Course
from atelier.git import git


def init(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    return folder


def heads(repository: Path) -> dict[str, str]:
    listed = git(repository, "for-each-ref", "--format=%(refname:short) %(objectname)")
    return dict(line.split(" ") for line in listed.splitlines())


def test_one_commit_a_step_with_the_files_of_its_tree(course: Course, tmp_path: Path) -> None:
    repository = init(tmp_path / "repo")

    write_branches(course, repository)

    for number, step in enumerate(course.steps, start=1):
        branch = branch_of(step)
        assert git(repository, "rev-list", "--count", branch) == str(number)
        files = set(git(repository, "ls-tree", "-r", "--name-only", branch).splitlines())
        assert files == set(course.tree(step)) - {".env"}
    assert set(heads(repository)) == {branch_of(step) for step in course.steps}


def test_hashes_do_not_depend_on_the_user(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = init(tmp_path / "one")
    write_branches(course, one)
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\n name = Somebody\n email = s@example.org\n[core]\n autocrlf = true\n"
        "[commit]\n gpgsign = true\n[i18n]\n commitEncoding = latin-1\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody else")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    other = init(tmp_path / "other")

    write_branches(course, other)

    assert heads(one) == heads(other)


def test_nothing_else_is_touched(course: Course, tmp_path: Path) -> None:
    repository = init(tmp_path / "repo")
    write_branches(course, repository)
    before = heads(repository)
    (repository / "mine.txt").write_text("mine")
    git(repository, "add", "mine.txt")
    git(repository, "commit", "--quiet", "-m", "mine")
    git(repository, "branch", "other")
    (repository / "mine.txt").write_text("changed")
    git(repository, "branch", "--force", branch_of(course.steps[-1]), "main")  # moved by hand
    git(repository, "branch", "solution/99-gone", "main")
    status, main = git(repository, "status", "--short"), git(repository, "rev-parse", "main")

    write_branches(course, repository)

    after = heads(repository)
    assert after.pop("main") == after.pop("other") == main
    assert after == before
    assert git(repository, "status", "--short") == status


def test_no_other_name_is_written_in_between(course: Course, tmp_path: Path) -> None:
    """A kill at any moment leaves nothing of ours but branches; what one left earlier goes."""
    repository = init(tmp_path / "repo")
    log, hook = tmp_path / "log", repository / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f'#!/bin/sh\ncat >>"{log}"\n')
    hook.chmod(0o755)
    write_branches(course, repository)
    changes = [line.split() for line in log.read_text().splitlines()]
    written = {name for _old, new, name in changes if new.strip("0")}
    assert written == {f"refs/heads/{branch_of(step)}" for step in course.steps}

    git(repository, "update-ref", "refs/atelier/import", branch_of(course.first))
    write_branches(course, repository)
    assert set(heads(repository)) == {branch_of(step) for step in course.steps}


def test_a_branch_that_is_checked_out_stays(course: Course, tmp_path: Path) -> None:
    repository = init(tmp_path / "repo")
    first = branch_of(course.steps[0])
    git(repository, "switch", "--quiet", "--create", first)
    (repository / "mine.txt").write_text("mine")
    git(repository, "add", "mine.txt")
    git(repository, "commit", "--quiet", "-m", "mine")
    here = git(repository, "rev-parse", "HEAD")

    written = write_branches(course, repository)

    assert first not in written
    assert git(repository, "rev-parse", first) == here
    assert git(repository, "status", "--short") == ""


def test_bare_repository(course: Course, tmp_path: Path) -> None:
    repository = tmp_path / "bare.git"
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True, env=env)

    assert write_branches(course, repository) == [branch_of(step) for step in course.steps]
