"""Watch mode: it runs at each save, says what it does, and is never silently dead."""

from __future__ import annotations

import errno
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import watchfiles

from atelier.course import Course
from atelier.i18n import choose_language
from atelier.terminal import writable
from atelier.watch import engine as engine_module
from atelier.watch.changes import Change, Changes
from atelier.watch.engine import Criterion, Engine, Phase, State
from atelier.watch.runs import Run
from atelier.watch.view import Place, view
from tests.small_course import write
from tests.watch_kit import WITHIN, Terminal, command, small_project

GREET = 'GREETING = "hello"\n\n\ndef greet(name):\n    return f"{GREETING} {name}"\n'
WORDS = {
    "en": {
        "unmet": "not yet",
        "hint": "Read this.",
        "met": "All 2 criteria are met. To go on, press n.",
        "next": "n next",
        "question": "Show it all the same? [y/N]",
        "same": "the same as the solution",
        "second": "02 · Part",
        "undone": "again as they were",
        "gone": "The project's folder is not there",
        "refused": "n goes on once they are",
        "yes": "y",
    },
    "fr": {
        "unmet": "pas encore",
        "hint": "Lisez ceci.",
        "met": "Les 2 critères sont remplis. Pour continuer, tapez n.",
        "next": "n suite",
        "question": "La montrer quand même\N{NO-BREAK SPACE}? [o/N]",
        "same": "le même que la solution",
        "second": "02 · Partir",
        "undone": "de nouveau tels qu",
        "gone": "Le dossier du projet n’est pas là",
        "refused": "n permettra de continuer",
        "yes": "o",
    },
}


@pytest.fixture
def course_and_project(tmp_path: Path) -> tuple[Course, Path]:
    choose_language("en")
    return small_project(tmp_path)


@pytest.fixture
def engine(course_and_project: tuple[Course, Path]) -> Iterator[Engine]:
    course, project = course_and_project
    made = Engine(course, project, course.first)
    yield made
    made.close()


class Watched:
    """The states of an engine, waited for one by one."""

    def __init__(self, engine: Engine) -> None:
        self.states: queue.Queue[State] = queue.Queue()
        engine.listen(self.states.put)
        engine.start()

    def until(self, wanted: Callable[[State], bool]) -> State:
        """Return the next state that is as wanted."""
        end = time.monotonic() + WITHIN
        while True:
            state = self.states.get(timeout=max(end - time.monotonic(), 0.01))
            if wanted(state):
                return state


def done(number: int) -> Callable[[State], bool]:
    return lambda state: state.phase is Phase.DONE and state.run >= number


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_hour_in_a_terminal(course_and_project: tuple[Course, Path], language: str) -> None:
    course, project = course_and_project
    words = WORDS[language]
    terminal = Terminal(command(course, "watch", "--lang", language))
    terminal.shows("01 · ", words["unmet"])
    terminal.press("n")
    terminal.shows(words["refused"])
    terminal.press("h")
    terminal.shows(words["hint"])
    terminal.press("x")
    terminal.press("d")
    terminal.shows(words["question"])
    terminal.press(words["yes"])
    terminal.shows("+def greet(name):")
    terminal.press("x")
    (project / "greet.py").write_text(GREET)
    terminal.shows(words["met"], words["next"])
    terminal.press("d")  # met: no question any more
    terminal.shows(words["same"])
    terminal.press("x")
    terminal.press("n")
    terminal.shows(words["second"], words["unmet"])
    terminal.press("u")
    terminal.shows("01 · ", words["undone"], words["met"])
    project.rename(project.with_name("away"))
    terminal.shows(words["gone"])
    project.with_name("away").rename(project)
    terminal.shows(words["met"])
    terminal.resize(24, 8)
    assert max(map(len, terminal.shows("01 · ").splitlines())) <= 90
    terminal.press("q")
    children = psutil.Process(terminal.process.pid).children(recursive=True)
    assert terminal.end() == 0
    assert terminal.output.rstrip().endswith("\x1b[?25h\x1b[?1049l")  # the terminal as it was
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_lines_where_there_is_no_screen(course_and_project: tuple[Course, Path]) -> None:
    course, project = course_and_project
    running = subprocess.Popen(
        command(course, "check", "--watch"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LANG": "C", "PYTHONIOENCODING": "ascii"},
    )
    assert running.stdout is not None
    watchdog = threading.Timer(2 * WITHIN, running.kill)
    watchdog.start()
    try:
        lines = iter(running.stdout.readline, "")
        seen = [next(line for line in lines if "0 of 2 criteria are met." in line)]
        (project / "greet.py").write_text(GREET)
        for line in lines:
            seen.append(line)
            if "All 2 criteria are met." in line:
                break
        running.send_signal(signal.SIGINT)
        _out, errors = running.communicate(timeout=WITHIN)
    finally:
        watchdog.cancel()
        running.kill()
    assert running.returncode == 130
    assert "  + It greets\n" in seen
    assert "\x1b" not in "".join(seen)
    assert "Traceback" not in errors


def slow(course: Course, flag: Path) -> None:
    """Let the first step have a criterion that waits for the file `flag`."""
    write(
        course.root,
        "exercises/01-greet/test_slow.py",
        f"""\
        import time
        from pathlib import Path
        from atelier.checks import _, criterion

        @criterion(_("It waits"))
        def test_slow(project):
            while not Path({str(flag)!r}).exists():
                time.sleep(0.02)
        """,
    )


def test_cheap_criteria_first_and_a_save_starts_a_run_again(
    course_and_project: tuple[Course, Path], engine: Engine, tmp_path: Path
) -> None:
    course, project = course_and_project
    slow(course, tmp_path / "go")
    watched = Watched(engine)

    early = watched.until(lambda state: len(state.awaited) == 1 and len(state.criteria) == 3)

    assert early.phase is Phase.RUNNING
    assert [criterion.id for criterion in early.awaited] == ["slow"]
    (project / "greet.py").write_text(GREET)
    again = watched.until(lambda state: state.run == 2 and len(state.awaited) == 1)
    assert again.phase is Phase.RUNNING
    (tmp_path / "go").touch()
    assert watched.until(done(2)).passed


def test_several_saves_make_one_run(
    course_and_project: tuple[Course, Path], engine: Engine
) -> None:
    _course, project = course_and_project
    watched = Watched(engine)
    watched.until(done(1))
    began = time.monotonic()
    for number in range(40):
        (project / "greet.py").write_text(f"{GREET}# {number}\n")
    # Saves that a busy machine spreads over more than a pause are not several at once.
    pauses = (time.monotonic() - began) // 0.1
    state = watched.until(lambda state: state.passed)
    assert state.run <= 4 + pauses
    engine.again()
    assert watched.until(done(state.run + 1)).passed


def test_commits_count_and_what_programs_write_does_not(
    course_and_project: tuple[Course, Path],
) -> None:
    _course, project = course_and_project
    heard: queue.Queue[Change] = queue.Queue()
    changes = Changes(project, heard.put, events=False)
    changes.start()
    try:
        for name in ("instance/shop.db", "dump.rdb", "__pycache__/x.pyc", "nohup.log"):
            (project / name).parent.mkdir(exist_ok=True)
            (project / name).write_text("x")
        with pytest.raises(queue.Empty):
            heard.get(timeout=1.0)
        (project / ".git" / "HEAD").write_text("ref: refs/heads/other\n")
        assert heard.get(timeout=WITHIN) is Change.SAVED
    finally:
        changes.stop()


@pytest.mark.parametrize("silent", ["no event ever", "a limit is reached"])
def test_without_events_it_looks_and_says_so(
    course_and_project: tuple[Course, Path], monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    def watch(*_folders: Path, **_options: object) -> Iterator[set[object]]:
        if silent != "no event ever":
            raise OSError(errno.ENOSPC, "OS file watch limit reached.")
        while True:
            time.sleep(0.02)
            yield set()

    monkeypatch.setattr(watchfiles, "watch", watch)
    _course, project = course_and_project
    heard: queue.Queue[Change] = queue.Queue()
    changes = Changes(project, heard.put)
    changes.start()
    try:
        kinds: set[Change] = set()
        number = 0
        end = time.monotonic() + WITHIN
        while Change.POLLING not in kinds:
            assert time.monotonic() < end
            number += 1
            (project / "greet.py").write_text("x" * number)
            kinds.add(heard.get(timeout=WITHIN))
        (project / "greet.py").write_text("saved")
        while heard.get(timeout=WITHIN) is not Change.SAVED:
            pass
    finally:
        changes.stop()


def test_a_full_disk_is_said_and_outlived(
    course_and_project: tuple[Course, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    course, project = course_and_project
    full = OSError(errno.ENOSPC, "No space left on device")

    def no_room(_course: Course, _step: object) -> Run:
        raise full

    def met(_step: object) -> None:
        raise full

    monkeypatch.setattr(engine_module, "Run", no_room)
    engine = Engine(course, project, course.first, met=met)
    try:
        watched = Watched(engine)
        state = watched.until(lambda state: state.phase is Phase.TROUBLE)
        assert "No space left" in state.trouble
        monkeypatch.setattr(engine_module, "Run", Run)
        (project / "greet.py").write_text(GREET)
        assert watched.until(lambda state: state.phase is Phase.DONE).passed
    finally:
        engine.close()


def test_criteria_that_cannot_run_are_our_side(
    course_and_project: tuple[Course, Path], engine: Engine
) -> None:
    course, project = course_and_project
    write(course.root, "exercises/01-greet/test_broken.py", "import nothing_of_that_name\n")
    watched = Watched(engine)
    assert "nothing_of_that_name" in watched.until(lambda s: s.phase is Phase.TROUBLE).trouble
    (course.root / "exercises/01-greet/test_broken.py").unlink()
    (project / "greet.py").write_text(GREET)
    assert watched.until(lambda state: state.phase is Phase.DONE).passed


@pytest.mark.parametrize("asked", ["greet", "part"])
def test_what_waits_to_check_is_not_older_than_what_is_asked(
    course_and_project: tuple[Course, Path], asked: str
) -> None:
    """It has read the criteria of a step; an author saves them, or another step is wanted."""
    course, project = course_and_project
    with subprocess.Popen(
        [sys.executable, "-m", "atelier.watch.child", str(course.root), "greet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert json.loads(child.stdout.readline()) == {"event": "ready"}
        slow(course, project)  # a new criterion, which is met
        wanted = {"project": str(project), "step": asked, "at": asked}
        child.stdin.write(json.dumps(wanted) + "\n")
        child.stdin.flush()
        told = [json.loads(line) for line in child.stdout]
    assert [each["event"] for each in told if each["event"] != "finding"] == [
        *("criteria", "printed", "report")
    ]
    assert {each["id"] for each in told if each["event"] == "finding"} == {
        "greet": {"greets", "greets_by_name", "slow"},
        "part": {"parts", "parts_by_name"},
    }[asked]


def test_what_waits_to_check_ends_when_it_is_asked_to(
    course_and_project: tuple[Course, Path], tmp_path: Path
) -> None:
    """Also while it reads criteria that swallow what would interrupt them, as pytest may."""
    course, _project = course_and_project
    flag = tmp_path / "flag"
    write(
        course.root,
        "exercises/01-greet/test_swallows.py",
        f"""\
        import time
        from pathlib import Path

        Path({str(flag)!r}).touch()
        try:
            time.sleep({WITHIN})
        except BaseException:
            pass
        """,
    )
    with subprocess.Popen(
        [sys.executable, "-m", "atelier.watch.child", str(course.root), "greet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        end = time.monotonic() + WITHIN
        while not flag.exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        child.terminate()
        try:
            assert child.wait(WITHIN / 3) == -signal.SIGTERM
        finally:
            child.kill()


def test_killed_it_leaves_no_process(
    course_and_project: tuple[Course, Path], tmp_path: Path
) -> None:
    course, _project = course_and_project
    slow(course, tmp_path / "never")
    terminal = Terminal(command(course, "watch"))
    terminal.shows("It waits")
    children = psutil.Process(terminal.process.pid).children(recursive=True)
    assert children
    terminal.process.kill()
    terminal.end()
    assert psutil.wait_procs(children, timeout=WITHIN)[1] == []


STATE = State(
    step=None,  # type: ignore[arg-type]  # the view does not look at it
    phase=Phase.RUNNING,
    criteria=tuple(
        Criterion(name, {"en": f"The criterion {name}", "fr": f"Le critère {name}"})
        for name in ("one", "two", "three")
    ),
)
PLACE = Place("09 · make_celery and a first worker", 9, 18, 8, has_next=True)


def test_a_long_run_says_what_it_waits_for() -> None:
    choose_language("en")
    text = "\n".join(line.text for line in view(replace(STATE, running_for=4.2), PLACE))
    assert "Running for 4 s, and waiting for: The criterion one; The" in text


@pytest.mark.parametrize("width", [20, 33, 80])
@pytest.mark.parametrize("height", [3, 8, 24])
def test_any_size_of_terminal(width: int, height: int) -> None:
    lines = view(STATE, PLACE, width=width, height=height, note=["a note " * 10])
    assert len(lines) <= height
    assert all(len(line.text) <= width for line in lines)


def test_characters_that_the_terminal_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ascii:
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Ascii())
    assert writable("« Déjà réussi » · l’étape …") == '" Deja reussi " - l\'etape ...'


def test_a_run_that_is_ended_while_it_tells_is_heard_to_the_end(tmp_path: Path) -> None:
    course, project = small_project(tmp_path)
    run = Run(course, course.first)
    heard: queue.Queue[str] = queue.Queue()
    go_on = threading.Event()

    def hear(event: dict[str, object]) -> None:
        heard.put(str(event["event"]))
        go_on.wait(WITHIN)

    slug = course.first.slug
    asked = {"course": str(course.root), "project": str(project), "step": slug, "at": slug}
    run.begin(asked, hear)
    heard.get(timeout=WITHIN)
    run.ask_to_end()
    run.wait()  # the listener is busy meanwhile
    go_on.set()
    while heard.get(timeout=WITHIN) != "ended":
        pass
