"""`new-step`: the files of a step laid down in a copy of the course, all of them or none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atelier.answers import answers_to
from atelier.changes import Changes
from atelier.course import Course, Step, UnknownStep, workshop_root
from atelier.git import git
from atelier.i18n import LANGUAGES
from atelier.lesson.coverage import coverage_defects
from atelier.lesson.language import language_defects
from atelier.lesson.parity import parity_defects
from atelier.lesson.parse import read_lesson
from atelier.lesson.readability import readability_defects
from atelier.new_step import KINDS, add_step
from atelier.project import ProjectError
from atelier.renumber import Renumbering
from atelier.state import Progress, State
from atelier.step_files import placeholder_defects

SLUG = "send-mail"
_NOT_COPIED = (".git", ".venv", ".*_cache", "__pycache__", "*.egg-info", "vendor")


def not_copied(folder: str, names: list[str]) -> set[str]:
    """What the copy lacks: what is made, and all answers of a kind to a step but one."""
    if Path(folder).name in ("wrong", "right"):
        return set(sorted(names)[1:])
    return shutil.ignore_patterns(*_NOT_COPIED)(folder, names)


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course, in git."""
    root = tmp_path_factory.mktemp("workshop")
    shutil.copytree(workshop_root(), root, ignore=not_copied, dirs_exist_ok=True)
    git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "course")
    git(root, "gc", "--quiet")  # one file to copy for each test, and not one for each of its own
    return root


@pytest.fixture(scope="module")
def defects_before(committed: Path) -> list[str]:
    """What is wrong with the lessons before a step is added: nothing, when all is well."""
    return lesson_defects(Course(committed))


@pytest.fixture
def course(committed: Path, tmp_path: Path) -> Course:
    """The copy, for one test to change."""
    root = tmp_path / "workshop"
    shutil.copytree(committed, root, symlinks=True)
    return Course(root)


def middle(course: Course) -> Step:
    """A step that others follow, without a gap."""
    return course.steps[len(course.steps) // 2]


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else b"a folder"
        for path in sorted(root.rglob("*"))
        if path.relative_to(root).parts[0] != ".git" and "__pycache__" not in path.parts
    }


def lesson_defects(course: Course) -> list[str]:
    """What is wrong with the lessons, whatever their numbers."""
    return sorted(defect.split(".md:")[-1] for defect in _lesson_defects(course))


def _lesson_defects(course: Course) -> Iterator[str]:
    for step in course.steps:
        pages = {language: read_lesson(step.lesson(language)) for language in LANGUAGES}
        yield from parity_defects(pages["en"], pages["fr"])
        for language, page in pages.items():
            yield from coverage_defects(course, step, page)
            yield from readability_defects(page)
            yield from language_defects(page, language)


@pytest.mark.parametrize("kind", KINDS)
def test_in_the_middle(course: Course, defects_before: list[str], kind: str) -> None:
    after = middle(course)
    before = [step.slug for step in course.steps]
    following = course.steps[before.index(after.slug) + 1 :]

    done = add_step(course, SLUG, after, kind)

    now = Course(course.root)
    at = before.index(after.slug) + 1
    assert [step.slug for step in now.steps] == [*before[:at], SLUG, *before[at:]]
    made = now.step(SLUG)
    assert (made.number, made.kind) == (after.number + 1, kind)
    assert [old for old, _new in done.renamed] == [step.name for step in following]
    for step in following:
        assert now.step(step.slug).number == step.number + 1
        assert now.step(step.slug).solution.is_dir() == step_was_there(course, step)
        assert mentions(now, step.name) == []
    assert lesson_defects(now) == defects_before
    for step in now.steps:
        for language in LANGUAGES:
            first = step.lesson(language).read_text("utf-8").splitlines()[0]
            assert first == f"# {step.number:02d} · {step.titles[language]}"


def mentions(course: Course, name: str) -> list[str]:
    return [
        file
        for file, content in files(course.root).items()
        if re.search(rb"(?<![\w-])%b(?![\w-])" % name.encode(), file.encode() + b" " + content)
    ]


def step_was_there(course: Course, step: Step) -> bool:
    listed = git(course.root, "ls-tree", "-r", "--name-only", "HEAD", f"solutions/{step.name}/")
    return bool(listed)


def test_readme_lists_the_steps_in_order(course: Course) -> None:
    add_step(course, SLUG, middle(course), "practice")
    now = Course(course.root)
    for language, name in (("en", "README.md"), ("fr", "README.fr.md")):
        text = (now.root / name).read_text("utf-8")
        rows = re.findall(rf"^\| (\d\d) \| .*\(lessons/{language}/([\w-]+)\.md\)", text, re.M)
        assert rows == sorted(rows)
        assert (f"{now.step(SLUG).number:02d}", now.step(SLUG).name) in rows
        for number, page in rows:
            assert now.step(number).name == page


def test_at_the_end_nothing_is_renamed_and_git_is_not_needed(
    course: Course, defects_before: list[str]
) -> None:
    shutil.rmtree(course.root / ".git")
    before = files(course.root)

    done = add_step(course, SLUG, course.steps[-1], "guided")

    now = Course(course.root)
    assert now.steps[-1].slug == SLUG
    assert done.renamed == ()
    after = files(course.root)
    assert {name for name in before if after[name] != before[name]} == set(done.rows)
    assert set(done.rows) <= {"README.md", "README.fr.md"}
    assert lesson_defects(now) == defects_before


def test_a_gap_stops_the_renumbering(course: Course) -> None:
    gap = middle(course)
    for folder in (gap.exercise, gap.solution):
        shutil.rmtree(folder, ignore_errors=True)
    for language in LANGUAGES:
        gap.lesson(language).unlink()
    git(course.root, "commit", "--quiet", "--all", "--message", "gap")
    shorter = Course(course.root)

    done = add_step(shorter, SLUG, shorter.step(f"{gap.number - 1}"), "guided")

    assert done.renamed == ()
    assert Course(course.root).step(SLUG).number == gap.number


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_says_what_is_to_be_written(course: Course, kind: str) -> None:
    done = add_step(course, SLUG, course.steps[-1], kind)
    step = Course(course.root).step(SLUG)
    unwritten = [defect.split(":")[0] for defect in placeholder_defects(course.root)]
    assert set(unwritten) == {*done.made, *done.rows}
    answers = list(answers_to(step))
    assert [answer.expectation is None for answer in answers] == [False, False, True, True]
    criteria = (step.exercise / "test_send_mail.py").read_text("utf-8")
    compile(criteria, "test_send_mail.py", "exec")
    for answer in answers:
        assert answer.expectation is None or f"def test_{answer.expectation.criterion}(" in criteria
    for language in LANGUAGES:
        hints = (step.exercise / f"hints.{language}.md").read_text("utf-8")
        assert re.findall(r"^## (\d)$", hints, re.M) == ["1", "2", "3"][: 2 + (kind == "practice")]


def test_no_placeholder_is_left_in_the_course() -> None:
    assert list(placeholder_defects(workshop_root())) == []


def test_ruff_has_nothing_to_say(course: Course) -> None:
    done = add_step(course, SLUG, course.steps[-1], "guided")
    python = [name for name in done.made if name.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        ruff = [
            str(Path(sys.executable).with_name("ruff")),
            *command,
            "--no-cache",
            "--force-exclude",
            *python,
        ]
        said = subprocess.run(ruff, cwd=course.root, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        *((slug, "bad-slug") for slug in ("", "Send", "send_mail", "-x", "x-", "a--b", "12", "é")),
        ("../x", "bad-slug"),
        ("first-task", "slug-taken"),
    ],
)
def test_slug_is_refused(committed: Path, slug: str, code: str) -> None:
    course, before = Course(committed), files(committed)
    with pytest.raises(ProjectError) as error:
        add_step(course, slug, middle(course), "guided")
    assert error.value.code == code
    assert files(course.root) == before


def lesson_after(course: Course) -> Path:
    """A file that is renamed when a step is put in the middle."""
    step = course.after(middle(course))
    assert step is not None
    return step.lesson("fr")


def change_a_lesson(course: Course) -> str:
    with lesson_after(course).open("a", encoding="utf-8") as page:
        page.write("\nmore\n")
    return "uncommitted"


def stage_a_new_file(course: Course) -> str:
    step = course.steps[-1]
    (step.exercise / "start").mkdir(exist_ok=True)
    (step.exercise / "start" / "given.py").write_text("g = 1\n")
    git(course.root, "add", "--all")
    return "uncommitted"


def leave_a_file_untracked(course: Course) -> str:
    (course.steps[-1].exercise / "notes.md").write_text("later\n")
    return "uncommitted"


def change_what_would_be_rewritten(course: Course) -> str:
    with (course.root / "README.md").open("a", encoding="utf-8") as page:
        page.write("\nmore\n")
    return "uncommitted"


def no_repository(course: Course) -> str:
    shutil.rmtree(course.root / ".git")
    return "no-repository"


def a_folder_in_the_way(course: Course) -> str:
    last = course.steps[-1]
    folder = course.root / "solutions" / f"{last.number + 1:02d}-{last.slug}"
    folder.mkdir()
    (folder / "wsgi.py").write_text("mine = 1\n")
    return "file-taken"


def a_lesson_in_the_way(course: Course) -> str:
    number = middle(course).number + 1
    (course.root / "lessons" / "en" / f"{number:02d}-{SLUG}.md").write_text("# Mine\n")
    git(course.root, "add", "--all")
    git(course.root, "commit", "--quiet", "--message", "mine")
    return "file-taken"


@pytest.mark.parametrize(
    "spoil",
    [
        change_a_lesson,
        stage_a_new_file,
        leave_a_file_untracked,
        change_what_would_be_rewritten,
        no_repository,
        a_folder_in_the_way,
        a_lesson_in_the_way,
    ],
)
def test_refused_and_nothing_touched(course: Course, spoil: object) -> None:
    assert callable(spoil)
    code = spoil(course)
    before = files(course.root)
    with pytest.raises(ProjectError) as error:
        add_step(course, SLUG, middle(course), "guided")
    assert error.value.code == code
    assert files(course.root) == before


def test_what_python_left_of_a_folder_is_no_obstacle(course: Course) -> None:
    last = course.steps[-1]
    left = course.root / "exercises" / f"{last.number + 1:02d}-{last.slug}" / "__pycache__"
    left.mkdir(parents=True)
    (left / "test_x.cpython-311.pyc").write_bytes(b"")
    add_step(course, SLUG, middle(course), "guided")
    assert Course(course.root).step(last.slug).number == last.number + 1


def test_changes_elsewhere_do_not_matter(course: Course) -> None:
    (course.root / "script" / "test").write_text("#!/bin/sh\n")
    (course.root / "mine.txt").write_text("mine\n")
    assert add_step(course, SLUG, middle(course), "guided").renamed


def test_unknown_step_is_named(committed: Path) -> None:
    course = Course(committed)
    done = command(course, "new-step", SLUG, "--after", "first-tusk")
    assert done.returncode == 2
    assert course.step("first-task").name in done.stderr
    with pytest.raises(UnknownStep):
        course.step("first-tusk")


@pytest.mark.parametrize("problem", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", ["README.md", "step.toml", "lesson", "move"])
def test_what_was_begun_is_taken_back(
    course: Course, monkeypatch: pytest.MonkeyPatch, at: str, problem: BaseException
) -> None:
    before, status = files(course.root), git(course.root, "status", "--short")
    last_lesson = course.root / "lessons" / "fr" / f"{middle(course).number + 1:02d}-{SLUG}.md"
    write, move = Changes.write, Changes.move
    moved: list[Path] = []

    def stopped_write(self: Changes, path: Path, content: bytes) -> None:
        write(self, path, content[:7])  # half of it is there when the disk is full
        if path.name == at or (at == "lesson" and path == last_lesson):
            raise problem
        write(self, path, content)

    def stopped_move(self: Changes, old: Path, new: Path) -> None:
        if at == "move" and moved:
            raise problem
        moved.append(old)
        move(self, old, new)

    monkeypatch.setattr(Changes, "write", stopped_write)
    monkeypatch.setattr(Changes, "move", stopped_move)
    with pytest.raises(type(problem)):
        add_step(course, SLUG, middle(course), "guided")
    assert moved or at == "README.md"
    assert files(course.root) == before
    assert git(course.root, "status", "--short") == status


def command(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the copy's own `atelier`."""
    return subprocess.run(
        [sys.executable, "-m", "atelier", *arguments],
        cwd=course.root,
        env={**os.environ, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_progress_is_kept(course: Course, tmp_path: Path) -> None:
    reached = course.after(middle(course))
    assert reached is not None
    project = tmp_path / "shop"
    project.mkdir()
    met = [step.slug for step in course.up_to(middle(course))]
    State(course.root).remember(project, Progress(reached.slug, "en", met))

    add_step(course, SLUG, middle(course), "guided")

    told = command(course, "status").stdout
    assert f"> [ ] {reached.number + 1:02d} · {reached.titles['en']}" in told
    assert f"[x] {middle(course).number:02d} · {middle(course).titles['en']}" in told
    assert f"  [ ] {reached.number:02d} · TODO" in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_command_tells_what_it_did(course: Course, language: str) -> None:
    after = middle(course)
    name = f"{after.number + 1:02d}-{SLUG}"
    calls = (after.slug, after.name, str(after.number))
    done = command(course, "new-step", SLUG, "--after", calls[0], "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    for made in (f"exercises/{name}/test_send_mail.py", f"lessons/fr/{name}.md", "README.fr.md"):
        assert made in done.stdout
    assert "pipenv run atelier verify --fast" in done.stdout.splitlines()[-1]
    assert ("Renumérotée" in done.stdout) == (language == "fr")


@pytest.mark.parametrize("arguments", [[], [SLUG], ["--after", "1"], [SLUG, "--kind", "other"]])
def test_wrong_use(committed: Path, arguments: list[str]) -> None:
    course, before = Course(committed), files(committed)
    done = command(course, "new-step", *arguments)
    assert done.returncode == 2
    assert "pipenv run atelier new-step" in done.stderr
    assert "Traceback" not in done.stderr
    assert files(course.root) == before


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("See lesson 11 and lesson 12.", "See lesson 12 and lesson 13."),
        ("Lessons 10, 11 and 12.", "Lessons 10, 12 and 13."),
        ("Les leçons 10 à 12, l’étape\n12.", "Les leçons 10 à 13, l’étape\n13."),
        ("Since lesson 10, 12 rows, line 12.", "Since lesson 10, 12 rows, line 12."),
        ("Sub-step 12, steps 120 and 12 s", "Sub-step 12, steps 120 and 12 s"),
        ("type `lesson 12`, `check 11`", "type `lesson 13`, `check 12`"),
        ("pipenv run atelier check 12", "pipenv run atelier check 13"),
        ("12 · Two, 12 · Three", "13 · Two, 12 · Three"),
        ("| 11 | [x](a/11-one.md) | 12 |", "| 12 | [x](a/12-one.md) | 12 |"),
        ("| 11 | eleven | 12 |", "| 11 | eleven | 12 |"),
        ("solution/12-two, 12-twofold, 12-two-b", "solution/13-two, 12-twofold, 12-two-b"),
        ("112-two lesson 12-two", "112-two lesson 13-two"),
    ],
)
def test_numbers_in_a_text(text: str, wanted: str) -> None:
    steps = [
        Step(Path(), number, slug, "guided", 1, {"en": title, "fr": title})
        for number, slug, title in ((11, "one", "One"), (12, "two", "Two"))
    ]
    assert Renumbering(steps).text(text) == wanted
