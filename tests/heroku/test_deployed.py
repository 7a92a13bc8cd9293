"""A check's own Heroku: what a push to it says, where its packages come from, what it leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from atelier.checks import Deadline, World, deploy
from atelier.harness.family import TOKEN
from atelier.harness.interpreter import Interpreter, own_interpreter
from atelier.harness.source import Source
from atelier.heroku.packages import COMPLETE, Packages, environment_name
from atelier.heroku.places import Places, default_home
from atelier.heroku.pythons import find
from atelier.heroku.shared_packages import _KEPT, _remove_oldest, default_shelf
from atelier.verdicts import NotYet, ProgramStopped, Skipped
from tests.heroku.test_platform_push import FILES, PIPENV

SERVE = FILES["Procfile"].splitlines()[0]


class Project:
    """A small project, whose packages a script in place of pipenv installs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "la boutique"
        self.root.mkdir()
        self.pipenv = folder / "pipenv"
        self.installed = folder / "begun"
        self.binaries = folder / "venv" / "bin"
        self.binaries.mkdir(parents=True)
        (self.binaries / "python").symlink_to(sys.executable)
        self.write()

    def write(self, **changed: str) -> None:
        """Write the files, some of them changed; an empty text leaves a file out."""
        for name, content in {**FILES, **changed}.items():
            (self.root / name).unlink(missing_ok=True)
            if content:
                (self.root / name).write_text(content, "utf-8")

    def world(self, interpreter: Interpreter | None = None) -> World:
        """Make a world of it, run by an environment of its own."""
        source = Source(self.root, interpreter or Interpreter(self.binaries))
        return World(source, redis=False, platform=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    project = Project(tmp_path)
    project.pipenv.write_text(PIPENV.format(folder=tmp_path), "utf-8")
    project.pipenv.chmod(0o755)
    monkeypatch.setenv("ATELIER_PIPENV", str(project.pipenv))
    yield project


def left_of(token: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(TOKEN, "").startswith(token):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_push_is_built_released_and_served_and_leaves_nothing(project: Project) -> None:
    with project.world() as world:
        app = deploy(world, GREETING="hello")
        assert app.web().get("/hello.txt").text == "hello"
        app.scale("worker", 2)
        folder, token = world.directory, f"heroku-{app._platform.id}-"
        assert left_of(token)
    assert not left_of(token)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Procfile": ""}, "There is no Procfile"),
        ({"Pipfile.lock": ""}, "No 'Pipfile.lock' found!"),
        ({"Pipfile.lock": "not JSON"}, "Pipfile.lock cannot be read"),
        ({"Pipfile.lock": '{"default": {}, "x": "stale"}'}, "Pipfile.lock is out of date"),
        ({".python-version": "2.7\n"}, "Python 2.7 is not supported"),
    ],
)
def test_refused_push_tells_the_reason(
    project: Project, changed: dict[str, str], said: str
) -> None:
    project.write(**changed)
    with project.world() as world, pytest.raises(NotYet) as told:
        deploy(world)
    assert said in str(told.value.seen)
    assert "remote:" not in str(told.value.seen)


def test_ignored_files_are_not_pushed(project: Project) -> None:
    project.write(**{".gitignore": "secret.txt\n", "secret.txt": "x"})
    with project.world() as world:
        assert deploy(world).web().get("/secret.txt").status == 404


def test_python_that_only_heroku_has_is_no_reason_to_refuse(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atelier.heroku.pythons._find", lambda version: None)
    with project.world() as world:
        assert deploy(world).web().get("/hello.txt").status == 200


def test_release_that_stops_is_told_with_the_paths_of_the_project(project: Project) -> None:
    (project.root / "prepare.py").write_text("open('nowhere')\n")
    project.write(Procfile=f"{SERVE}\nrelease: {sys.executable} prepare.py\n")
    with project.world() as world, pytest.raises(ProgramStopped) as told:
        deploy(world)
    assert "release" in told.value.message
    assert "prepare.py, line 1" in str(told.value.seen)
    assert "FileNotFoundError" in str(told.value.seen)
    assert str(world.directory) not in str(told.value.seen)


def test_web_that_stops_is_told_with_its_last_words(project: Project) -> None:
    project.write(Procfile="web: echo out of paper; exit 3\n")
    with project.world() as world, pytest.raises(ProgramStopped) as told:
        deploy(world).web()
    assert "3" in told.value.message
    assert "out of paper" in str(told.value.seen)


def test_packages_are_installed_once_for_all_checks(project: Project) -> None:
    for expected in (True, False):
        with project.world() as world:
            deploy(world)
        assert project.installed.exists() is expected
        project.installed.unlink(missing_ok=True)


def test_packages_of_the_learners_own_heroku_are_taken(project: Project) -> None:
    places = Places(default_home())
    places.make()
    Packages(places.packages, "test").install(project.root, find(sys_version()), lambda line: None)
    project.installed.unlink()
    with project.world() as world:
        deploy(world)
    assert not project.installed.exists()
    assert not list(default_shelf().glob(f"*/{COMPLETE}"))


def sys_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def test_solution_needs_no_installation(project: Project) -> None:
    with project.world(own_interpreter()) as world:
        assert deploy(world).web().get("/hello.txt").status == 200
    assert not project.installed.exists()


def test_packages_that_cannot_be_installed_are_never_the_learners_fault(project: Project) -> None:
    project.write(**{"Pipfile.lock": '{"default": {"x": "impossible"}}'})
    with project.world() as world, pytest.raises(Skipped, match="could not install"):
        deploy(world)
    assert not list(default_shelf().glob(f"*/{COMPLETE}"))
    assert (default_shelf() / "lock").is_file()


def test_oldest_environments_go_but_for_those_in_use(tmp_path: Path) -> None:
    marks = []
    for number in range(_KEPT + 3):
        mark = tmp_path / str(number) / COMPLETE
        mark.parent.mkdir()
        mark.touch()
        if number > 0:  # the first one was used a moment ago
            os.utime(mark, (number, number))
        marks.append(mark)
    _remove_oldest(iter(marks), _KEPT)
    assert [mark.parent.exists() for mark in marks] == [True, False, False, False, True, True]


def test_same_lock_has_the_same_name(project: Project) -> None:
    python = Path(sys.executable)
    before = environment_name(project.root, python)
    (project.root / "Pipfile.lock").write_text('{"default": {}, "develop": {"a": {}}}')
    assert environment_name(project.root, python) == before


def test_worker_that_the_procfile_lacks(project: Project) -> None:
    project.write(Procfile=SERVE)
    with project.world() as world, pytest.raises(NotYet, match="no line for worker"):
        deploy(world, REDIS_URL="redis://localhost:1").worker()


def test_dyno_is_heard_until_it_ends(project: Project) -> None:
    project.write(Procfile=f"{SERVE}\nworker: for n in 1 2 3; do echo line $n; done; exit 4\n")
    with project.world() as world:
        app = deploy(world)
        app.scale("worker", 1)
        program = app._program("worker")
        assert program.wait_for("line 4", Deadline(20)) is None
        assert program.exit_code == 4
        assert program.output.text == "line 1\nline 2\nline 3\n"
