"""A workshop in which everything that takes time or the network is played by a short script.

Its folder and its home hold spaces and accents, and its PATH holds nothing but what the scripts may
use: what they need more would be missing on a bare machine too.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What the scripts call: POSIX's tools, bash, mktemp, and git.
TOOLS = [
    "awk",
    "bash",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "date",
    "df",
    "dirname",
    "env",
    "find",
    "git",
    "head",
    "id",
    "kill",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "ps",
    "readlink",
    "rm",
    "rmdir",
    "sed",
    "sh",
    "sleep",
    "sort",
    "tail",
    "tee",
    "touch",
    "tr",
    "uname",
]

# pipenv, as far as the set-up can see: `sync` makes .venv, slowly, badly or not at all if told to.
# `slow` holds how many tenths of a second it takes, in as many short sleeps: a Ctrl-C that comes
# while a shell starts a program is heard only when that program has ended.
PIPENV = """#!/bin/sh
printf '%s\\n' "$*" >>"$KIT/pipenv.calls"
case $1 in
--version) echo "pipenv, version VERSION" ;;
sync)
    env >"$KIT/pipenv.env"
    pwd >"$KIT/pipenv.pwd"
    mkdir -p .venv/bin
    left=0
    if [ -f "$KIT/slow" ]; then left=$(cat "$KIT/slow"); touch "$KIT/begun"; fi
    while [ "$left" -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
    if [ -f "$KIT/error" ]; then cat "$KIT/error"; exit 1; fi
    ln -sf "$KIT/python" .venv/bin/python
    cp "$KIT/atelier" .venv/bin/atelier
    ;;
esac
"""

# Python: says what it is when asked, makes an environment, and there plays pip.
PYTHON = """#!/bin/sh
printf '%s\\n' "$0 $*" >>"$KIT/python.calls"
case $* in
*sys.implementation*) [ -f "$0.unfit" ] && cat "$0.unfit" && exit 1; echo "$0" ;;
*sys.base_prefix*) cat "$KIT/python.version" ;;
*"-m venv "*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    cp "$0" "$folder/bin/python"
    ;;
*/pip\\ install*)
    if [ -f "$KIT/error" ]; then cat "$KIT/error"; exit 1; fi
    cp "$KIT/pipenv" "$(dirname "$0")/pipenv"
    ;;
esac
"""

ATELIER = """#!/bin/sh
env >"$KIT/atelier.env"
pwd >"$KIT/atelier.pwd"
for argument; do echo "[$argument]"; done
"""


@dataclass
class Kit:
    """The workshop, its machine, and what was asked of them."""

    base: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.base / "école d'été" / "a b"
        self.home = self.base / "chez moi, l'été"
        self.bin = self.base / "bin"
        self.tools = self.base / "tools"
        self.at = self.base  # where the commands are typed
        for folder in (self.root / "script" / "vendor", self.home, self.bin, self.tools):
            folder.mkdir(parents=True)
        (self.base / "tmp").mkdir()
        for path in (ROOT / "script").iterdir():
            if path.is_file():
                shutil.copy(path, self.root / "script")
        shutil.copy(ROOT / "script" / "vendor" / "pipenv.txt", self.root / "script" / "vendor")
        (self.root / "script" / "vendor" / "pip-1-py3-none-any.whl").touch()
        (self.root / "Pipfile.lock").write_text("lock\n")
        (self.root / "pyproject.toml").write_text("project\n")
        for tool in TOOLS:
            found = shutil.which(tool, path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin")
            assert found or tool == "ps", f"no {tool} on this machine"
            if found:
                (self.tools / tool).symlink_to(found)
        (self.base / "python.version").write_text("/usr 3.11.2\n")
        self.pipenv("2026.10.3", self.base)
        self.program(self.base / "python", PYTHON)
        self.program(self.base / "atelier", ATELIER)
        self.program(self.bin / "python3", PYTHON)
        self.environment |= {
            "HOME": str(self.home),
            "KIT": str(self.base),
            "LANG": "C.UTF-8",
            "PATH": f"{self.bin}:{self.tools}",
            "TMPDIR": str(self.base / "tmp"),
        }

    def program(self, path: Path, text: str) -> Path:
        """Write an executable file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def pipenv(self, version: str, folder: Path | None = None) -> Path:
        """Install pipenv of this version on the machine."""
        path = (folder or self.bin) / "pipenv"
        return self.program(path, PIPENV.replace("VERSION", version))

    def run(self, *command: str, **environment: str) -> Done:
        """Run a script of the workshop."""
        process = self.popen(*command, **environment)
        out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err)

    def popen(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Begin to run a script of the workshop, in a process group of its own."""
        name, *arguments = command
        # Where tests run in the background Ctrl-C is ignored, and would be by what they start.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(
            [str(self.root / name), *arguments],
            cwd=self.at,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        signal.signal(signal.SIGINT, before)
        return process

    def bash(self, code: str, **environment: str) -> Done:
        """Run code that has the set-up's functions at hand."""
        source = '. "${0%/*}/script/setup.sh"'
        path = self.program(self.root / "try", f"#!/usr/bin/env bash\n{source}\n{code}\n")
        return self.run(path.name, **environment)

    def calls(self, program: str = "pipenv") -> list[str]:
        """Return what was asked of a program since the last time."""
        path = self.base / f"{program}.calls"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def seen(self, program: str) -> dict[str, str]:
        """Return the environment that a program was given."""
        text = (self.base / f"{program}.env").read_text(encoding="utf-8")
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def left_behind(self) -> list[str]:
        """Return the locks and the logs that are still there."""
        places = (self.root, self.base / "tmp", self.home / ".local/share/atelier")
        return [
            path.name
            for place in places
            if place.exists()
            for path in place.iterdir()
            if path.name in (".venv.lock", "pipenv.lock") or "atelier-" in path.name
        ]


@dataclass
class Done:
    """What a script printed, and how it ended."""

    code: int
    out: str
    err: str


def interrupt(process: subprocess.Popen[str]) -> None:
    """Do what Ctrl-C does: the signal goes to everything that runs in the terminal."""
    os.killpg(process.pid, signal.SIGINT)
