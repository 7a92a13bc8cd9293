"""From `start` to `next`: the learner's project made, found again, moved on, never lost."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from atelier.course import Course, write_tree
from atelier.git import git
from atelier.harness.interpreter import find_interpreter
from atelier.snapshots import files_of, listed, snapshots_of, take
from tests.projects import WORKSHOP_BIN, atelier


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, with a pipenv that lends the workshop's packages."""
    pipenv = tmp_path / "bin" / "pipenv"
    pipenv.parent.mkdir()
    lent = shlex.join(str(WORKSHOP_BIN.parent / name) for name in ("bin", "lib", "pyvenv.cfg"))
    pipenv.write_text(f'#!/bin/sh\n[ "$1" = sync ] && mkdir -p .venv && ln -s {lent} .venv/\n')
    pipenv.chmod(0o755)
    monkeypatch.setenv("ATELIER_PIPENV", str(pipenv))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    return tmp_path


def test_start_makes_a_clean_project_and_goes_on(course: Course, home: Path) -> None:
    folder = home / "école d'été" / "ma boutique"

    first = atelier("start", str(folder), "--lang", "fr")

    assert first.returncode == 0, first
    assert f"Votre projet\N{NO-BREAK SPACE}: {folder}" in first.stdout
    assert "lessons/fr/01-hello.md" in first.stdout
    assert "pas encore" in first.stdout
    assert git(folder, "status", "--short") == ""
    assert git(folder, "branch", "--show-current") == "main"
    solutions = git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/solution")
    assert solutions.splitlines() == [f"solution/{step.name}" for step in course.steps]
    before = course.tree_before(course.first)
    assert {name: (folder / name).read_bytes() for name in before} == before
    again = atelier("start")  # the folder and the language are remembered
    assert again.returncode == 0, again
    assert str(folder) in again.stdout
    assert "La leçon à ouvrir" in again.stdout


def test_git_without_a_name_is_told(home: Path) -> None:
    done = atelier("start", str(home / "shop"))
    assert "git config --global user.name" in done.stdout
    (home / ".gitconfig").write_text("[user]\n name = A\n email = a@example.org\n")
    assert "git config" not in atelier("start").stdout


@pytest.mark.parametrize("content", ["folder", "file"])
def test_start_refuses_what_is_in_the_way(home: Path, content: str) -> None:
    place = home / "shop"
    if content == "folder":
        place.mkdir()
        mine = place / "mine.txt"
    else:
        mine = place
    mine.write_text("mine")

    done = atelier("start", str(place))

    assert done.returncode == 2
    assert str(place) in done.stderr
    assert mine.read_text() == "mine"
    assert not list(home.glob(".shop-*"))


def test_start_refuses_the_workshop_itself(course: Course, home: Path) -> None:
    done = atelier("start", str(course.root / "shop"))
    assert done.returncode == 2
    assert "inside the workshop" in done.stderr
    assert not (course.root / "shop").exists()


def test_packages_that_cannot_be_installed(home: Path) -> None:
    (home / "bin" / "pipenv").write_text("#!/bin/sh\necho no network; exit 1\n")
    done = atelier("start", str(home / "shop"), "--at", "07")
    assert done.returncode == 1
    assert "pipenv sync --dev" in done.stderr
    log = home / "data" / "atelier" / "install.log"
    assert str(log) in done.stderr
    assert log.read_text() == "no network\n"
    assert (home / "shop" / "wsgi.py").is_file()  # the project is there, to go on with


def test_first_step_begins_with_nothing_to_install(course: Course, home: Path) -> None:
    (home / "bin" / "pipenv").write_text(
        '#!/bin/sh\n[ "$1" = --venv ] || echo "$@" >>"$HOME/asked"\nexit 1\n'
    )
    folder = home / "shop"

    done = atelier("start", str(folder))

    assert done.returncode == 0, done
    assert not (home / "asked").exists()
    assert "pipenv install flask python-dotenv" in done.stdout
    assert not any((folder / name).exists() for name in ("wsgi.py", ".env", "Pipfile.lock"))
    assert list((folder / ".venv").iterdir()) == []
    assert git(folder, "log", "--format=%s", "main") == "Start of 01-hello"
    checked = atelier("check", "--json")
    verdicts = {found["verdict"] for found in json.loads(checked.stdout)["criteria"]}
    assert checked.returncode == 1
    assert verdicts == {"fail", "pass"}  # .env is not in git: that is so already


def test_nothing_at_all_is_not_yet_either(course: Course, home: Path) -> None:
    folder = home / "shop"
    assert atelier("start", str(folder)).returncode == 0
    for name in ("Pipfile", ".gitignore"):
        (folder / name).unlink()
    (folder / ".venv").rmdir()

    for step in course.steps[:6]:
        checked = atelier("check", step.name, "--json")
        assert json.loads(checked.stdout)["verdict"] == "fail", checked


@pytest.mark.parametrize("place", ["shop/.venv", ".local/share/virtualenvs/shop-x1"])
def test_environment_is_found_where_pipenv_made_it(home: Path, place: str) -> None:
    pipenv = home / "bin" / "pipenv"
    made = home / place
    pipenv.write_text(f'#!/bin/sh\n[ "$1" = --venv ] && [ -d "{made}/bin" ] && echo "{made}"\n')
    folder = home / "shop"
    assert atelier("start", str(folder)).returncode == 0
    assert find_interpreter(folder) is None
    (made / "bin").mkdir(parents=True)
    (made / "bin" / "python").touch()

    found = find_interpreter(folder)

    assert found is not None
    assert found.bin_directory == made / "bin"


def test_next_waits_for_the_criteria_and_keeps_a_snapshot(course: Course, home: Path) -> None:
    folder = home / "shop"
    assert atelier("start", str(folder), "--at", "08").returncode == 0

    refused = atelier("next")

    assert refused.returncode == 1
    assert "lessons/en/08-redis.md" in atelier("status").stdout
    (folder / "notes.txt").write_text("mine")
    write_tree(course.tree(course.step("08")), folder)
    went_on = atelier("next")
    assert went_on.returncode == 0, went_on
    assert "lessons/en/09-make-celery.md" in went_on.stdout
    status = atelier("status").stdout
    assert "[x] 08" in status
    assert "> [ ] 09" in status
    *_before, kept = listed(folder.resolve())
    assert {"notes.txt", ".env", "wsgi.py"} <= set(files_of(folder.resolve(), kept))
    assert git(folder, "stash", "list") == ""


def test_snapshot_holds_ignored_files_of_the_steps_and_touches_nothing(
    course: Course, home: Path
) -> None:
    folder = home / "shop"
    assert atelier("start", str(folder), "--at", "07").returncode == 0
    (folder / ".env").write_text("REDIS_URL=redis://mine\n")
    (folder / "wsgi.py").write_text("changed\n")
    git(folder, "add", "wsgi.py")
    index = (folder / ".git" / "index").read_bytes()

    kept = files_of(folder, take(course, folder, "test"))

    assert kept[".env"].content == b"REDIS_URL=redis://mine\n"
    assert kept["wsgi.py"].content == b"changed\n"
    assert not any(name.startswith(".venv") for name in kept)
    assert (folder / ".git" / "index").read_bytes() == index
    assert snapshots_of(folder).is_relative_to(home / "data")


def test_folder_that_went_away(home: Path) -> None:
    assert atelier("start", str(home / "shop")).returncode == 0
    (home / "shop").rename(home / "elsewhere")
    done = atelier("check")
    assert done.returncode == 2
    assert "not at" in done.stderr
