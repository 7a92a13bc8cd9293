"""`verify` on a small course: no defect in it, then each kind of defect planted and found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from atelier.course import Course
from atelier.follow.network import can_have_own_network
from atelier.git import git
from atelier.verify import jobs
from atelier.verify.jobs import Job, Outcome
from atelier.verify.pool import perform_all
from atelier.verify.report import Grade, Verification
from atelier.verify.run import Listener, verify
from tests.small_course import change, small_course, write

Plant = Callable[[Path], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the small course."""
    folder = tmp_path / "le cours d'été"
    small_course(folder)
    return folder


def verified(root: Path, *, fast: bool = False) -> Verification:
    return verify(Course(root), fast=fast)


@pytest.mark.parametrize("side_by_side", [True, False])
def test_a_sound_course_is_proved(
    root: Path, side_by_side: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if side_by_side and not can_have_own_network():
        pytest.skip("no network of its own on this system: languages are followed in turn")
    monkeypatch.setattr(jobs, "can_have_own_network", lambda: side_by_side)
    heard: list[tuple[int, int]] = []
    listener = Listener(progress=lambda done, of, at: heard.append((done, of)))
    found = verify(Course(root), fast=False, listener=listener)

    assert found.defects == []
    assert {(cell.branch, cell.step): cell.grade for cell in found.matrix} == {
        ("", "01-greet"): Grade.NOT_YET,
        ("01-greet", "01-greet"): Grade.MET,
        ("01-greet", "02-part"): Grade.NOT_YET,
        ("02-part", "01-greet"): Grade.MET,
        ("02-part", "02-part"): Grade.MET,
    }
    account = found.as_json()
    assert account["criteria"] == 4
    assert account["answers"] == {"wrong": 4, "right": 4}
    assert account["commands"]["en"] == {"run": 7, "skipped": 0, "reasons": []}
    assert account["commands"]["en"] == account["commands"]["fr"]
    assert heard[0][0] == 0
    followed = 2 if side_by_side else 1  # one part of two lessons in each language
    assert heard[-1][0] == heard[-1][1] == followed + 1 + 5 + 8  # branches, cells, answers


def in_file(name: str, old: str, new: str) -> Plant:
    return lambda root: change(root, name, old, new)


def new_file(name: str, text: str) -> Plant:
    return lambda root: write(root, name, text)


def without(name: str) -> Plant:
    return lambda root: (root / name).unlink()


def both(step: str, old: str, new: str) -> Plant:
    def plant(root: Path) -> None:
        for language in ("en", "fr"):
            change(root, f"lessons/{language}/{step}.md", old, new)

    return plant


def together(*plants: Plant) -> Plant:
    def plant(root: Path) -> None:
        for each in plants:
            each(root)

    return plant


# What is planted, and the words of the defect that must name it and its place.
READ = {
    "a changed code line in one language": (
        in_file("lessons/fr/01-greet.md", "def greet(name)", "def greet(nom)"),
        ["lessons/fr/01-greet.md", "def greet(nom)"],
    ),
    "a heading dropped": (
        in_file("lessons/fr/01-greet.md", "## Pourquoi\n\n", ""),
        ["lessons/fr/01-greet.md:1: the parts are"],
    ),
    "a stale snippet": (
        both("01-greet", "def greet(name):", "def greet(who):"),
        ["lessons/en/01-greet.md:", "does not stand in the solution"],
    ),
    "a line never shown": (
        in_file("solutions/01-greet/greet.py", "GREETING", "POLITE = True\nGREETING"),
        ["lessons/en/01-greet.md:1: this line of greet.py is never shown: POLITE = True"],
    ),
    "a leaked practice line": (
        both("02-part", "<!-- follow", "```python\nPART = 'bye {name}'\n```\n\n<!-- follow"),
        ["lessons/en/02-part.md:", "shows a line of the solution", "PART = 'bye {name}'"],
    ),
    "a title that differs": (
        in_file("lessons/fr/02-part.md", "# 02 · Partir", "# 02 · Sortir"),
        ["lessons/fr/02-part.md:1: the title is “02 · Sortir”", "“02 · Partir”"],
    ),
    "a lesson that is missing": (
        without("lessons/fr/02-part.md"),
        ["lessons/fr/02-part.md: is not there"],
    ),
    "a lesson that cannot be read": (
        in_file("lessons/en/02-part.md", "**Free terminal**\n\n", ""),
        ["lessons/en/02-part.md:", "say above this block"],
    ),
    "an untranslated message": (
        in_file("exercises/02-part/test_parts.py", '"It parts"', '"It leaves"'),
        ["exercises/02-part/test_parts.py:4: no French for: It leaves"],
    ),
    "a root file that differs": (
        in_file("greet.py", "hello", "good evening"),
        ["greet.py:1: differs from the tree of 02-part"],
    ),
    "a root file that is missing": (without("part.py"), ["part.py: is in the tree of 02-part"]),
    "a wrong answer to no criterion": (
        in_file("exercises/02-part/wrong/empty/expect.toml", '"parts"', '"departs"'),
        ["exercises/02-part/wrong/empty/expect.toml: there is no criterion departs"],
    ),
    "too few right answers": (
        lambda root: shutil.rmtree(root / "exercises/02-part/right/one"),
        ["exercises/02-part/right: 1 right answers"],
    ),
    "no hint in one language": (
        without("exercises/01-greet/hints.fr.md"),
        ["exercises/01-greet/hints.fr.md: is not there"],
    ),
    "what new-step left to write": (
        new_file("exercises/02-part/hints.fr.md", "À FAIRE une indication\n"),
        ["exercises/02-part/hints.fr.md:1: to be written: À FAIRE une indication"],
    ),
    "a drawing of no diagram": (
        new_file("lessons/diagrams/0123456789ab.light.svg", "<svg/>\n"),
        ["lessons/diagrams/0123456789ab.light.svg:1: no lesson has this diagram"],
    ),
    "a diagram without its drawing": (
        both("02-part", "<!-- follow", "```mermaid\nsequenceDiagram\n```\n\n<!-- follow"),
        ["lessons/en/02-part.md:", "this diagram has no", "give this diagram a line “accTitle"],
    ),
    "a criterion that an unknown step overtakes": (
        in_file(
            "exercises/01-greet/test_greets.py", 'file="greet.py")', 'file="greet.py", until="x")'
        ),
        ["exercises/01-greet/test_greets.py:", "until='x' names no later step"],
    ),
    "criteria that are no Python": (
        new_file("exercises/02-part/test_parts.py", "def test_parts(:\n"),
        ["exercises/02-part/test_parts.py:1:"],
    ),
}
ALWAYS_MET = """\
from atelier.checks import _, criterion, expect


@criterion(_("It greets"))
def test_always(project):
    expect(True, _("It greets"))
"""
OVERTAKEN = ('file="greet.py")', 'file="greet.py", until="part")')
RUN = {
    "a command that does not work": (
        both("01-greet", "git add greet.py\n", "git add greet.py\nfalse\n"),
        ["lessons/en/01-greet.md:", "false: exit code 1", "lessons/fr/01-greet.md:"],
    ),
    "an output that no longer comes": (
        in_file("lessons/fr/01-greet.md", "```text\nGreet\n", "```text\nSaluer\n"),
        ["follow --lang fr", "lessons/fr/01-greet.md:", "does not print what the lesson says"],
    ),
    "a criterion that cannot be unmet": (
        new_file("exercises/02-part/test_always.py", ALWAYS_MET),
        ["exercises/02-part/test_always.py:5: always was met wherever it was judged"],
    ),
    "a wrong answer that passes": (
        new_file("exercises/02-part/wrong/empty/part.py", "PART = 'name'\n"),
        ["02-part/wrong/empty: parts must be fail, but everything is met"],
    ),
    "a wrong answer that is found elsewhere": (
        new_file("exercises/02-part/wrong/empty/part.py", "PART = 'nobody'\n"),
        ["02-part/wrong/empty: parts must be fail, but parts_by_name is fail"],
    ),
    "a right answer that is refused": (
        new_file("exercises/02-part/right/one/part.py", "part = 'name'\n"),
        ["02-part/right/one: a right answer, and parts is fail"],
    ),
    "a solution that does not pass": (
        together(
            in_file("solutions/02-part/part.py", "PART", "BYE"), in_file("part.py", "PART", "BYE")
        ),
        ["solutions/02-part: 02-part at 02-part: parts is fail"],
    ),
    "a step that takes back an earlier one": (
        together(
            new_file("solutions/02-part/greet.py", "GREETING = 1\n"),
            new_file("greet.py", "GREETING = 1\n"),
        ),
        ["solutions/02-part: 02-part at 01-greet: greets is fail"],
    ),
    "a start that passes": (
        together(
            new_file("exercises/02-part/start/part.py", "PART = 'name'\n"),
        ),
        ["exercises/02-part: all criteria are met before anything is done"],
    ),
    "a criterion that is not overtaken": (
        in_file("exercises/01-greet/test_greets.py", *OVERTAKEN),
        ["exercises/01-greet: greets says until=part, and there it is pass"],
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_what_can_be_read_is_found(root: Path, kind: str) -> None:
    plant, words = READ[kind]
    plant(root)
    found = verified(root, fast=True)
    text = "\n".join(found.defects)
    for word in words:
        assert word in text
    assert found.matrix == []


@pytest.mark.parametrize("kind", RUN)
def test_what_must_be_run_is_found(root: Path, kind: str) -> None:
    plant, words = RUN[kind]
    plant(root)
    text = "\n".join(verified(root).defects)
    for word in words:
        assert word in text


def test_a_criterion_that_is_overtaken(root: Path) -> None:
    change(root, "exercises/01-greet/test_greets.py", *OVERTAKEN)
    for name in ("solutions/02-part/greet.py", "greet.py"):
        write(root, name, "GREETING = 'name'\n")
    found = verified(root)
    grades = {(cell.branch, cell.step): cell for cell in found.matrix}
    cell = grades["02-part", "01-greet"]
    assert (cell.grade, cell.overtaken) == (Grade.OVERTAKEN, ("greets",))
    assert not [defect for defect in found.defects if "until" in defect or "greets is" in defect]


def test_a_branch_that_differs(root: Path) -> None:
    """A published branch that no longer is what the course gives."""
    git(root, "init", "--quiet", "--initial-branch=main", "--template=")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "course")
    git(root, "branch", "solution/01-greet")
    git(root, "update-ref", "refs/remotes/origin/solution/09-gone", "HEAD")
    text = "\n".join(verified(root).defects)
    assert "solution/01-greet: is at" in text
    assert "origin/solution/09-gone: is at" in text
    assert "no such branch" in text


def test_a_branch_that_depends_on_the_machine(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from atelier.verify.branches import branch_defects

    class Somebodys:
        def __str__(self) -> str:
            return os.environ.get("TZ", "here")

    monkeypatch.setattr("atelier.branches.NAME", Somebodys())
    monkeypatch.setenv("TZ", "UTC")
    [first, second] = list(branch_defects(Course(root)))
    assert first.startswith("solution/01-greet: ")
    assert second.startswith("solution/02-part: ")
    assert "on another machine" in second


def test_a_process_that_dies_is_a_defect_of_its_job(root: Path) -> None:
    write(root, "exercises/02-part/test_parts.py", "import os\nos._exit(9)\n")
    said: list[tuple[Job, Outcome | str]] = []
    jobs = [Job("cell", ("02-part", "02-part")), Job("cell", ("01-greet", "01-greet"))]
    perform_all(root, jobs, lambda job, outcome: said.append((job, outcome)), size=1)
    (_, died), (_, after) = said
    assert isinstance(died, Outcome)
    assert isinstance(after, Outcome)
    assert "the process that judged it ended, exit code 9" in died.defects[0]
    assert after.defects == []
    assert after.met == 2


COMMAND = """
import sys
from pathlib import Path
import atelier.course
atelier.course.workshop_root = lambda: Path(sys.argv[1])
from atelier.cli import run
sys.exit(run(sys.argv[2:]))
"""


def command(root: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(root), "verify", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "LANG": "C.UTF-8"},
    )


def test_the_account_for_a_person(root: Path) -> None:
    process = command(root, "--lang", "fr")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    lines = out.splitlines()
    assert [line.split() for line in lines if line.startswith(("0", "(", " "))] == [
        ["01", "02"],
        ["(rien", "encore)", "○"],
        ["01-greet", "✓", "○"],
        ["02-part", "✓", "✓"],
    ]
    assert "Commandes des leçons (fr)\N{NO-BREAK SPACE}: 7 exécutées, 0 laissées de côté" in lines
    assert lines[-1] == "Aucun défaut."


def test_the_account_for_a_program(root: Path) -> None:
    change(root, "greet.py", "hello", "good evening")
    process = command(root, "--json", "--fast")
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 1
    account = json.loads(out)
    assert account["defects"] == [
        "greet.py:1: differs from the tree of 02-part; copy it from solutions/ to the root"
    ]
    assert account["matrix"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process(root: Path, number: signal.Signals, tmp_path: Path) -> None:
    mark = tmp_path / "began"
    slow = f"import pathlib, time\npathlib.Path({str(mark)!r}).touch()\ntime.sleep(60)\n"
    write(root, "exercises/02-part/test_parts.py", slow)
    process = command(root)
    us = psutil.Process(process.pid)
    while not mark.exists():
        assert process.poll() is None
        psutil.wait_procs([us], timeout=0.05)
    started = us.children(recursive=True)
    assert started
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    _gone, alive = psutil.wait_procs(started, timeout=5)
    assert alive == []
