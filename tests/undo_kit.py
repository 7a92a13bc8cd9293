"""A learner's hours at random: edits, git, commands, kills; and the proof that nothing is lost.

The commands are the real ones, in a process of their own, on a course of four steps that runs
no program. `script/test` plays 50 such sequences, `script/soak undo` 500.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import random
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from atelier.course import Course
from atelier.project import create_project
from atelier.snapshots import files_of, listed
from atelier.state import Progress, State
from tests.small_course import write

# Path in the project -> what stands there: the target of a link, or the bytes.
Stood = dict[str, bytes]

NAMES = (
    *("wsgi.py", "tasks.py", "notes.txt", "sub/deep/more.txt", "a name with é and spaces.txt"),
    *(".env", ".gitignore", "kept.log", "other.log", "instance/shop.db", "Pipfile"),
    *("migrations/env.py", "migrations/versions/mine.py", "tasks.py/inside.txt", "sub"),
    *("nested/x.py", "new\nline.txt", '"quoted"\\.txt'),
)
COMMANDS = (
    *(["reset"], ["reset", "01"], ["reset", "03"], ["reset", "04"], ["next", "--anyway"], ["undo"]),
    *(["undo"], ["undo"], ["solution", "02", "--apply"], ["solution", "03", "--apply"]),
    ["solution", "--apply"],
    *(["start", "--at", "02"], ["start", "--at", "04"], ["undo", "1"]),
)


def tiny_course(root: Path) -> Course:
    """Write a course of four steps with all that makes a tree: `.env`, removals, migrations."""
    steps: dict[str, tuple[str, dict[str, str]]] = {
        "01-one": ("", {"wsgi.py": "one\n", "dot.env": "A=1\n"}),
        "02-two": ("", {"wsgi.py": "two\n", "tasks.py": "two\n", "Pipfile": "two\n"}),
        "03-three": (
            'generated = ["migrations/**"]\n',
            {"migrations/env.py": "env\n", "migrations/versions/abc_one.py": "three\n"},
        ),
        "04-four": ('removes = ["tasks.py"]\n', {"wsgi.py": "four\n", "dot.env": "A=4\n"}),
    }
    for name, (more, files) in steps.items():
        settings = f'kind = "guided"\nminutes = 1\n{more}[title]\nen = "{name}"\nfr = "{name}"\n'
        write(root, f"exercises/{name}/step.toml", settings)
        for file, text in files.items():
            write(root, f"solutions/{name}/{file}", text)
    write(root, "exercises/01-one/start/dot.gitignore", ".env\n.venv/\n*.log\ninstance/\n")
    return Course(root)


def run_command(root: str, arguments: list[str]) -> None:
    """Run one command on the course in `root`; what it says goes nowhere."""
    from atelier import cli
    from atelier.commands import desk, start

    for number in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    desk.workshop_root = lambda: Path(root)  # type: ignore[attr-defined]
    start._install = lambda place: True
    start._show_where = lambda desk, place: None
    os._exit(cli.run(arguments))


class Learner:
    """One learner, whose every move is drawn from `seed`."""

    def __init__(self, seed: int, home: Path) -> None:
        self.random = random.Random(seed)
        self.home = home
        self.project = (home / "shop").resolve()
        self.root = home / "workshop"
        self.course = tiny_course(self.root)
        self.stood: list[tuple[str, Stood]] = []
        self.log: list[str] = []
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(
            ["atelier.cli", "atelier.commands", "atelier.snapshots", "tests.undo_kit"]
        )
        self._environment = {
            "XDG_DATA_HOME": str(home / "data"),
            "HOME": str(home),
            "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        (home / "gitconfig").write_text(
            "[user]\n name = L\n email = l@example.org\n[gc]\n auto = 0\n"
            "[advice]\n detachedHead = false\n"
        )

    def live(self, moves: int) -> None:
        """Make a project and `moves` moves; raises AssertionError when a byte is lost."""
        with self._in_home():
            create_project(self.course, self.project, self.course.first)
            State(self.root).remember(self.project, Progress(self.course.first.slug))
            for _move in range(moves):
                move = self.random.choice((self._edit, self._edit, self._git, self._do))
                move()
            self._do()
            self.check()

    def check(self) -> None:
        """Assert that all that stood when a command started is on disk, or comes back."""
        snapshots = [files_of(self.project, each) for each in listed(self.project)]
        kept = {(name, _hash(file.content)) for files in snapshots for name, file in files.items()}
        kept |= {(name, _hash(content)) for name, content in self._state().items()}
        for command, state in self.stood:
            for name, content in state.items():
                assert (name, _hash(content)) in kept, (command, name, content, self.log)

    @contextlib.contextmanager
    def _in_home(self) -> Iterator[None]:
        before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def _state(self) -> Stood:
        """What must never be lost: what git does not ignore, and every file of a step."""
        found: Stood = {}
        for parent, folders, files in os.walk(self.project):
            folders[:] = [name for name in folders if name not in (".git", ".venv")]
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in [*files, *links]:
                path = Path(parent, name)
                mode = path.lstat().st_mode
                relative = path.relative_to(self.project).as_posix()
                if stat.S_ISLNK(mode):
                    found[relative] = os.fsencode(path.readlink())
                elif stat.S_ISREG(mode) and not name.startswith(".atelier-new-"):
                    found[relative] = path.read_bytes()
        if not (self.project / ".git").is_dir():
            return found
        asked = b"".join(os.fsencode(name) + b"\0" for name in found)
        ignored = self._say("check-ignore", "-z", "--stdin", stdin=asked).split(b"\0")
        dropped = {os.fsdecode(name) for name in ignored} - self.course.files
        return {name: content for name, content in found.items() if name not in dropped}

    def _do(self) -> None:
        """One command, now and then killed on its way."""
        self._command(self.random.choice(COMMANDS), kill=self.random.random() < 0.3)

    def _command(self, arguments: list[str], *, kill: bool) -> int | None:
        self.stood.append((" ".join(arguments), self._state() if self.project.is_dir() else {}))
        untouched = self._of_git()
        # The server that forks keeps the environment that it was started in: hand it over.
        process = self._processes.Process(
            target=_with_environment, args=(self._environment, str(self.root), arguments)
        )
        known = len(listed(self.project))
        process.start()
        if kill:
            time.sleep(self.random.uniform(0, 0.12))
            process.kill()
        process.join()
        if len(listed(self.project)) == known:
            # Refused, or killed before anything was kept: then nothing may be changed either.
            assert process.exitcode != 0, arguments
            _name, before = self.stood.pop()
            assert not self.project.is_dir() or self._state() == before, self.log
        self.log.append(f"{' '.join(arguments)} -> {process.exitcode}")
        assert self._of_git() == untouched, (arguments, self.log)
        return process.exitcode

    def _of_git(self) -> list[bytes]:
        """The index, HEAD, the learner's own branches and the stash, as they stand."""
        git = self.project / ".git"
        if not git.is_dir():
            return []
        refs = self._say("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        own = [ref for ref in refs if not ref.startswith(b"refs/heads/solution/")]
        files = [git / "index", git / "HEAD", git / "logs" / "refs" / "stash"]
        return [path.read_bytes() if path.is_file() else b"" for path in files] + own

    def _edit(self) -> None:
        """A handful of files changed."""
        for _time in range(6):
            self._edit_one()

    def _edit_one(self) -> None:
        """Write, cut short, remove or link a file; a folder where a file was, and back."""
        name = self.random.choice(NAMES)
        path = self.project / name
        what = self.random.random()
        self.log.append(f"edit {name!r} {what:.2f}")
        with contextlib.suppress(OSError):
            if what < 0.6:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.random.randbytes(self.random.choice((0, 3, 40))) + b"\r\n")
            elif what < 0.75:
                path.unlink()
            elif what < 0.8:
                shutil.rmtree(path)
            elif what < 0.85:
                path.chmod(0o755)
            elif what < 0.9:
                path.unlink()
                path.symlink_to(self.random.choice(("notes.txt", "nowhere", "../outside")))
            elif what < 0.94:
                (self.project / "nested").mkdir()
                self._say("init", "--quiet", cwd=self.project / "nested")
                (self.project / "nested" / "x.py").write_text("x\n")
            elif what < 0.96:
                shutil.rmtree(self.project / ".git")

    def _git(self) -> None:
        """Something that learners do with git, or that git leaves half done."""
        operations: tuple[Callable[[], object], ...] = (
            lambda: (self._say("add", "--all"), self._say("commit", "-qm", "work")),
            lambda: (self._say("add", "--all"), self._say("commit", "-qm", "more")),
            lambda: self._say("add", "--force", "kept.log"),
            lambda: self._say("stash"),
            lambda: self._say("stash", "pop"),
            lambda: self._say("switch", "-c", f"b{self.random.randrange(3)}"),
            lambda: self._say("switch", self.random.choice(("main", "b0", "b1"))),
            lambda: self._say("switch", "--detach", "HEAD"),
            lambda: self._say("merge", self.random.choice(("main", "b0", "b1"))),
            lambda: self._say("rebase", self.random.choice(("main", "b0", "b1"))),
            lambda: self._say("switch", "solution/02-two"),
        )
        operation = self.random.randrange(len(operations))
        self.log.append(f"git {operation}")
        if (self.project / ".git").is_dir():
            operations[operation]()

    def _say(self, *words: str, stdin: bytes = b"", cwd: Path | None = None) -> bytes:
        """Run git as the learner does; that it refuses is part of the play."""
        return subprocess.run(
            ["git", *words],
            cwd=cwd or self.project,
            env={**os.environ, "GIT_EDITOR": "true"},
            input=stdin,
            capture_output=True,
            check=False,
        ).stdout


def _with_environment(environment: dict[str, str], root: str, arguments: list[str]) -> None:
    os.environ.update(environment)
    run_command(root, arguments)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
