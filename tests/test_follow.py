"""Lessons that are followed: a small course, and what is said where it is wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from atelier.course import Course
from atelier.follow.mismatch import CannotFollow, Mismatch
from atelier.follow.run import Followed, Run
from atelier.follow.terminal import SHELLS
from atelier.harness.interpreter import pipenv_command

PYTHON = f'"{sys.executable}"'
SERVE = """\
import signal
import time

print("serving", flush=True)
number = 0
while True:
    try:
        time.sleep(0.1)
        number += 1
        if number < 10:
            print("tick", number, flush=True)
    except KeyboardInterrupt:
        print("bye", flush=True)
        break
"""
GREET = """\
GREETING = "hello"


def greet(name):
    return f"{GREETING} {name}"
"""
GREET_LATER = GREET.replace('"hello"', '"good evening"').replace("(name):", "(name, more=1):")
LESSON = f"""\
# 02 · Greet

[Français](../fr/02-greet.md)

## Step by step

`greet.py`

```python
GREETING = "good evening"


def greet(name):
# [...]
```

Then the function:

`greet.py`

```python
GREETING = "good evening"


def greet(name, more=1):
    # a remark of the lesson
    return f"{{GREETING}} {{name}}"
```

**Free terminal**

```bash
echo one
echo two three
```

```text
one
two ...
```

<!-- follow: fails -->
**Free terminal**

```bash
ls nowhere
```

<!-- follow: ready "serving" -->
**Terminal web**

```bash
{PYTHON} serve.py
```

```text
serving
tick 1
...
```

**Free terminal**

```bash
{PYTHON} -q
```

**Free terminal**

```pycon
>>> from greet import greet
>>> greet("Ada")
'good evening Ada'
>>> for n in range(2):
...     print(n)
...
0
1
>>> greet()
Traceback (most recent call last):
...
TypeError: ...
```

<!-- follow: exit -->
Leave the shell. In the Terminal web:

```text
tick ...
```

<!-- follow: idle web -->
<!-- follow: stop web -->
Stop the Terminal web with Ctrl-C:

```text
bye
```

<!-- follow: ready "serving" -->
**Terminal web**

```bash
{PYTHON} serve.py
```

<!-- follow: kill web -->
Kill it.

<!-- follow: skip macos "this package manager is for macOS" -->
**Free terminal**

```bash
brew install something
```

**Free terminal**

```bash
git switch -c evening
git commit -a -m "Greet in the evening"
```

```text
Switched to a new branch 'evening'
[evening ...] Greet in the evening
...
```

## Experiment

`greet.py`

```python
GREETING = "what"


def greet(name, more=1):
# [...]
```

**Free terminal**

```bash
{PYTHON} -c "import greet; print(greet.greet('?'))"
```

Wait for it.

```text
what ?
```

**Free terminal**

```bash
git restore greet.py
```
"""
NEXT = """\
# 03 · Part

[Français](../fr/03-part.md)

Now it is your turn.

<!-- follow: solution -->
Go on.

**Free terminal**

```bash
git add part.py
git commit -q -m "Part"
git branch --show-current
```

```text
evening
```
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")


@pytest.fixture
def small(tmp_path: Path) -> Course:
    """A course of three steps: two guided ones, a practice."""
    root = tmp_path / "workshop"
    settings = 'kind = "{kind}"\nminutes = 5\n[title]\nen = "{title}"\nfr = "{title}"\n'
    write(
        root,
        {
            "exercises/01-base/step.toml": settings.format(kind="guided", title="Base"),
            "exercises/02-greet/step.toml": settings.format(kind="guided", title="Greet"),
            "exercises/03-part/step.toml": settings.format(kind="practice", title="Part"),
            "solutions/01-base/greet.py": GREET,
            "solutions/01-base/serve.py": SERVE,
            "solutions/01-base/dot.gitignore": "__pycache__/\n",
            "solutions/02-greet/greet.py": GREET_LATER,
            "solutions/03-part/part.py": "PART = 'bye'\n",
            "lessons/en/02-greet.md": LESSON,
            "lessons/en/03-part.md": NEXT,
        },
    )
    return Course(root)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier.follow.follower._IDLE_AFTER", 0.5)


def follow(course: Course, *names: str, shell: str = "bash") -> list[Followed]:
    run = Run(course, "en", shell)
    try:
        return run.follow([course.step(name) for name in names])
    finally:
        run.close()


def change(course: Course, old: str, new: str, name: str = "02-greet", *, count: int = 1) -> None:
    file = course.root / "lessons" / "en" / f"{name}.md"
    text = file.read_text("utf-8")
    assert text.count(old) == count, old
    file.write_text(text.replace(old, new), "utf-8")


def line_of(course: Course, text: str, name: str = "02-greet") -> int:
    lines = (course.root / "lessons" / "en" / f"{name}.md").read_text("utf-8").splitlines()
    return lines.index(text) + 1


@pytest.mark.parametrize("shell", SHELLS)
def test_lessons_are_followed_to_their_solutions(small: Course, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    greet, part = follow(small, "greet", "part", shell=shell)
    assert (greet.commands, part.commands) == (14, 3)
    assert greet.skipped == ("brew install something: this package manager is for macOS",)


def test_what_this_machine_lacks_is_left_out(small: Course) -> None:
    lacking = f"""\
<!-- follow: needs "test -f nowhere" -->
<!-- follow: ready "serving" -->
**Terminal web**

```bash
{PYTHON} serve.py
```

```text
serving
```

It goes on.

<!-- follow: needs "test -f nowhere" -->

```text
tick 1
```

<!-- follow: idle web -->
<!-- follow: stop web -->
<!-- follow: needs "test -f nowhere" -->
**Free terminal**

```pycon
>>> answer()
42
```

<!-- follow: exit -->
<!-- follow: kill web -->
<!-- follow: needs "test -f greet.py" -->
**Free terminal**

```bash
echo here
```

```text
here
```

Now it is your turn.
"""
    change(small, "Now it is your turn.\n", lacking, "03-part")
    [part] = follow(small, "part")
    assert part.commands == 4
    left_out = (f"{PYTHON} serve.py: needs test -f nowhere", "a block: needs test -f nowhere")
    assert part.skipped == left_out


def test_ctrl_c_is_a_key_also_where_the_signal_was_ignored(small: Course) -> None:
    """As in what a script runs with `&`."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        [greet] = follow(small, "greet")
    finally:
        signal.signal(signal.SIGINT, before)
    assert greet.commands == 14


def test_a_run_may_begin_at_any_step(small: Course) -> None:
    """On the branch that the lessons before have made."""
    [part] = follow(small, "part")
    assert part.commands == 3


DEFECTS = {
    "a command fails": ("echo two three", "false", "false", "false: exit code 1"),
    "a command should fail": ("ls nowhere", "ls", None, "ls: exit code 0"),
    "an output does not come": ("two ...", "three ...", None, "echo two three: does not print"),
    "an output has more": ("one\ntwo ...", "two ...", None, "echo two three: does not print"),
    "an answer does not come": (
        "'good evening Ada'",
        "'hello Ada'",
        '>>> greet("Ada")',
        'greet("Ada"): does not print',
    ),
    "a server ends": (
        f"{PYTHON} serve.py\n```\n\n```text",
        "echo over\n```\n\n```text",
        "echo over",
        "ended with exit code 0",
    ),
    "a shell does not open": (f"{PYTHON} -q", "true", "true", "no Python shell opened"),
    "what is not running is stopped": (
        "follow: stop web",
        "follow: stop worker",
        "<!-- follow: stop worker -->",
        "cannot be followed here: stop worker",
    ),
    "a block applies nothing": (
        'GREETING = "good evening"\n\n\ndef greet(name):',
        'GREETING = "hello"\n\n\ndef greet(name):',
        None,
        "this block changes nothing in greet.py",
    ),
    "a block has no place": (
        'GREETING = "good evening"\n\n\ndef greet(name, more=1):\n    # a remark of the lesson\n'
        '    return f"{GREETING} {name}"\n',
        "# [...]\nelsewhere\n# [...]\n",
        None,
        "this block has no place in greet.py",
    ),
    "a reminder changes something": (
        "Then the function:\n",
        "<!-- follow: reminder -->\n",
        None,
        "this reminder changes greet.py",
    ),
    "an experiment is not put back": (
        "git restore greet.py",
        "true",
        None,
        "greet.py is not as in the solution",
    ),
    "a file differs in the end": (
        "    # a remark",
        "    name = str(name)  # a remark",
        None,
        "greet.py is not as in the solution",
    ),
    "a file is left": (
        "git restore greet.py",
        "git restore greet.py; touch left.txt",
        None,
        "left.txt is there, and the solution has no such file",
    ),
    "a change is not committed": (
        "git restore greet.py",
        "git restore greet.py; echo >> greet.py",
        None,
        "git status at the end of the lesson says:  M greet.py",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_found_and_named(small: Course, defect: str) -> None:
    old, new, line, message = DEFECTS[defect]
    change(small, old, new)
    with pytest.raises(Mismatch) as caught:
        follow(small, "greet")
    first = str(caught.value).splitlines()[0]
    where = f"lessons/en/02-greet.md:{line_of(small, line)}: " if line else "02-greet.md:"
    assert where in first
    assert message in first


def test_what_was_printed_is_told(small: Course) -> None:
    change(small, "two ...", "three ...")
    with pytest.raises(Mismatch) as caught:
        follow(small, "greet")
    assert "  got:\n    one\n    two three" in str(caught.value)


def test_a_practice_needs_its_solution(small: Course) -> None:
    change(small, "<!-- follow: solution -->\n", "", "03-part")
    with pytest.raises(Mismatch, match=r"git add part\.py: exit code 128"):
        follow(small, "part")


def test_an_output_that_a_terminal_never_shows(
    small: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atelier.follow.follower._SHOWS_WITHIN", 1.0)
    change(small, "tick ...\n```", "tock ...\n```")
    with pytest.raises(Mismatch) as caught:
        follow(small, "greet")
    assert "no terminal shows this" in str(caught.value)
    assert "in Terminal web:" in str(caught.value)


def test_a_server_that_is_never_up(small: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier.follow.follower._READY_WITHIN", 1.0)
    change(small, 'ready "serving"', 'ready "somewhere else"', count=2)
    with pytest.raises(Mismatch, match=r"serve\.py: not up within 1 s"):
        follow(small, "greet")


def test_nothing_is_left_running(small: Course) -> None:
    change(small, "two ...", "three ...")
    change(small, "echo two three", "(sleep 900 &)\necho two three")
    with pytest.raises(Mismatch):
        follow(small, "greet")
    children = psutil.Process().children(recursive=True)
    assert [child for child in children if "sleep" in child.name()] == []


NEVER_MET = """\
from atelier.checks import _, criterion, expect

@criterion(_("Seen:"))
def test_part(worlds):
    expect(False, _("Seen:"))
"""


def test_a_criterion_that_is_not_met(small: Course) -> None:
    write(small.root, {"exercises/03-part/test_part.py": NEVER_MET})
    with pytest.raises(Mismatch, match="a criterion is not met: Seen:"):
        follow(small, "part")


@pytest.mark.parametrize("changed", [False, True])
def test_what_the_lesson_s_own_check_judged_is_not_judged_again(
    small: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    """Unless the files have changed since."""
    command = tmp_path / "bin" / "atelier"  # says that all is met
    write(tmp_path, {"bin/atelier": "#!/bin/sh\n"})
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
    write(small.root, {"exercises/03-part/test_part.py": NEVER_MET})
    change(small, "git branch", "atelier check\ngit branch", "03-part")
    if changed:
        change(small, "atelier check\n", "rm part.py\natelier check\ngit restore .\n", "03-part")
        with pytest.raises(Mismatch, match="a criterion is not met: Seen:"):
            follow(small, "part")
    else:
        follow(small, "part")


def test_the_machine_is_not_touched(small: Course, tmp_path: Path) -> None:
    change(small, "echo one", 'echo "$HOME $XDG_DATA_HOME $(git config user.name)"')
    change(small, "one\ntwo ...", ".../home .../data Ada Careful\ntwo ...")
    follow(small, "greet")
    assert str(tmp_path) not in os.environ.get("HOME", "")
    assert not (tmp_path / "data").exists()


def test_a_lesson_that_is_not_there(small: Course) -> None:
    (small.root / "lessons" / "en" / "03-part.md").unlink()
    with pytest.raises(CannotFollow, match=r"lessons/en/03-part\.md is not there"):
        follow(small, "part")


def test_what_a_command_generates_is_not_laid_over(small: Course) -> None:
    """It is the lesson's command that makes it, and the solution's may be another."""
    settings = small.root / "exercises" / "03-part" / "step.toml"
    settings.write_text('generated = ["made/**"]\n' + settings.read_text("utf-8"), "utf-8")
    write(small.root, {"solutions/03-part/made/solution.txt": "theirs\n"})
    change(small, "git add part.py", "mkdir made\necho mine >made/mine.txt\ngit add .", "03-part")
    change(small, "git branch", "ls made\ngit branch", "03-part")
    change(small, "```text\nevening", "```text\nmine.txt\nevening", "03-part")
    follow(Course(small.root), "part")


@pytest.mark.skipif(pipenv_command() is None, reason="pipenv is not on PATH")
def test_a_lock_that_is_not_made_from_the_pipfile(small: Course) -> None:
    lock = {"_meta": {"hash": {"sha256": "0"}}, "default": {}, "develop": {}}
    part = small.root / "solutions" / "03-part"
    write(part, {"Pipfile": "[packages]\n", "Pipfile.lock": "{}\n"})
    locked = f"echo '{json.dumps(lock)}' > Pipfile.lock\ngit add .\n"
    change(small, "git add part.py\n", locked, "03-part")
    with pytest.raises(Mismatch, match=r"Pipfile\.lock is not fresh(?s:.)*out-of-date"):
        follow(small, "part")
