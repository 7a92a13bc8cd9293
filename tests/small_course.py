"""A small course without defects, for tests of what checks a course.

Two steps: `01-greet` shows its lines, `02-part` poses a problem. Its criteria read files only,
and its lessons run in a moment.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from atelier.catalogue import catalogue_file, mo_bytes, po_bytes, read_catalogue, sources, updated
from atelier.course import Course
from atelier.lesson.language import PARTS

_STEP = 'kind = "{kind}"\nminutes = 15\n\n[title]\nen = "{en}"\nfr = "{fr}"\n'
_CRITERIA = """\
from atelier.checks import _, criterion, expect


@criterion(_("{title}"), file="{file}"{until})
def test_{name}(project):
    expect(
        project.has("{file}") and "{words}" in project.text("{file}"),
        _("Expected: {words} in {file}."),
    )
"""
_GREET = """\
GREETING = "hello"


def greet(name):
    return f"{GREETING} {name}"
"""
_FRENCH = {
    "It greets": "Il salue",
    "It greets by name": "Il salue par le nom",
    "It parts": "Il prend congé",
    "It parts by name": "Il prend congé par le nom",
}
_LESSON = """\
# {title}

[{twin}](../{other}/{name}.md)

## {parts[0]}

{words[0]}

## {parts[1]}

{words[1]}

## {parts[2]}

| a | b |
|---|---|
| c | d |

## {parts[3]}

{middle}
## {parts[4]}

{words[1]}

## {parts[5]}

{words[0]}

**{terminal}**

```bash
git add {file}
git commit -q -m "{title}"
git log -1 --format=%s
```

```text
{title}
```

## {parts[6]}

{words[0]}

## {parts[7]}

{words[0]}

## {parts[8]}

{words[1]}

## {parts[9]}

{words[1]}
"""
_GUIDED = """\
`greet.py`

```python
{greet}```

**{terminal}**

```bash
cat greet.py
```

```text
...
    return f"{{GREETING}} {{name}}"
```
"""
_PRACTICE = """\
{words[0]}

<!-- follow: solution -->
{words[1]}
"""
_EXPECTED = """\
criterion = "{criterion}"
verdict = "fail"

[message]
en = "Expected"
fr = "Expected"
"""
_WORDS = {"en": ("Read this.", "Then that."), "fr": ("Lisez ceci.", "Puis cela.")}


def small_course(root: Path) -> Course:
    """Write the course below `root`, the files of its last tree at the root, and read it."""
    _step(root, "01-greet", "guided", ("Greet", "Saluer"), {"greet.py": _GREET})
    _step(root, "02-part", "practice", ("Part", "Partir"), {"part.py": "PART = 'bye {name}'\n"})
    write(root, "greet.py", _GREET)
    write(root, "part.py", "PART = 'bye {name}'\n")
    _criteria(root, "01-greet", "greets", ("It greets", "greet.py", "def greet"))
    _criteria(root, "01-greet", "greets_by_name", ("It greets by name", "greet.py", "name"))
    _criteria(root, "02-part", "parts", ("It parts", "part.py", "PART"))
    _criteria(root, "02-part", "parts_by_name", ("It parts by name", "part.py", "name"))
    for step, name, files in (
        ("01-greet", "empty", {"greet.py": "pass\n"}),
        ("01-greet", "another-name", {"greet.py": "def hail(name): ...\n"}),
        ("02-part", "empty", {"part.py": "pass\n"}),
        ("02-part", "small-letters", {"part.py": "part = 1\n"}),
    ):
        for file, text in files.items():
            write(root, f"exercises/{step}/wrong/{name}/{file}", text)
        found = "greets" if step == "01-greet" else "parts"
        write(
            root,
            f"exercises/{step}/wrong/{name}/expect.toml",
            _EXPECTED.format(criterion=found),
        )
    for name in ("one", "other"):
        right = f"def greet(name):  # {name}\n    return name\n"
        write(root, f"exercises/01-greet/right/{name}/greet.py", right)
        write(root, f"exercises/02-part/right/{name}/part.py", f"PART = '{name} name'\n")
    _catalogue(root)
    return Course(root)


def _step(
    root: Path, name: str, kind: str, titles: tuple[str, str], solution: dict[str, str]
) -> None:
    en, fr = titles
    write(root, f"exercises/{name}/step.toml", _STEP.format(kind=kind, en=en, fr=fr))
    for file, text in solution.items():
        write(root, f"solutions/{name}/{file}", text)
    for language, other, twin, terminal, title in (
        ("en", "fr", "Français", "Free terminal", en),
        ("fr", "en", "English", "Terminal libre", fr),
    ):
        words = _WORDS[language]
        middle = (_GUIDED if kind == "guided" else _PRACTICE).format(
            terminal=terminal, words=words, greet=_GREET
        )
        page = _LESSON.format(
            title=f"{name[:2]} · {title}",
            twin=twin,
            other=other,
            name=name,
            parts=PARTS[language],
            words=words,
            middle=middle,
            terminal=terminal,
            file=next(iter(solution)),
        )
        # Commands are the same in both languages, so the message of a commit is too.
        page = page.replace(f'"{name[:2]} · {title}"', f'"{en}"')
        page = page.replace(f"```text\n{name[:2]} · {title}\n", f"```text\n{en}\n")
        write(root, f"lessons/{language}/{name}.md", page)
        write(root, f"exercises/{name}/hints.{language}.md", f"{words[0]}\n")


def _criteria(root: Path, step: str, name: str, about: tuple[str, str, str]) -> None:
    title, file, words = about
    text = _CRITERIA.format(title=title, file=file, words=words, name=name, until="")
    write(root, f"exercises/{step}/test_{name}.py", text)


def _catalogue(root: Path) -> None:
    """Write the French of the course's own sentences."""
    catalogue = updated(read_catalogue(root), sources(root))
    for message in catalogue:
        source = str(message.id)
        if source:
            french = _FRENCH.get(source, source.replace("Expected:", "Attendu\N{NO-BREAK SPACE}:"))
            message.string = french
    file = catalogue_file(root)
    file.parent.mkdir(parents=True)
    file.write_bytes(po_bytes(catalogue))
    file.with_suffix(".mo").write_bytes(mo_bytes(catalogue))


def write(root: Path, name: str, text: str) -> None:
    """Write a file of the course."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), "utf-8")


def change(root: Path, name: str, old: str, new: str) -> None:
    """Change what stands in a file of the course, which is there."""
    text = (root / name).read_text("utf-8")
    assert old in text, f"{name} has no {old!r}"
    write(root, name, text.replace(old, new, 1))
