"""Completion in the shells themselves: commands, options and steps."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from atelier.commands.completion import SHELLS, completion_script
from atelier.course import workshop_root
from tests.projects import WORKSHOP_BIN, atelier

PROGRAM = str(WORKSHOP_BIN / "atelier")


@pytest.mark.parametrize("typed", ["sna", "check 10", "start --at make"])
def test_bash(typed: str) -> None:
    words = ["atelier", *typed.split()]
    script = f"""
        {completion_script("bash", PROGRAM)}
        COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}
        _atelier_completion atelier; echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    wanted = {"sna": "snapshots", "check 10": "10-first-task", "start --at make": "make-celery"}
    assert done.stdout.strip() == wanted[typed], done.stderr


def test_zsh() -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    script = f"""
        {completion_script("zsh", PROGRAM)}
        words=(atelier check 10); CURRENT=3
        compadd() {{ print -r -- $completions }}
        _atelier_completion
        atelier --help | grep -c snapshots
    """
    done = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["10-first-task", "1"], done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_it_with_the_place_of_the_program(shell: str) -> None:
    done = atelier("completion", shell)
    assert done.returncode == 0
    plain = done.stdout.replace("'\"'\"'", "'").replace("\\'", "'")  # as the shell will read it
    assert f"{workshop_root()}/.venv/bin/atelier" in plain
    assert f"_ATELIER_COMPLETE={shell}_complete" in done.stdout
    if shell == "fish" and shutil.which("fish"):
        subprocess.run(["fish", "--no-execute"], input=done.stdout, text=True, check=True)
