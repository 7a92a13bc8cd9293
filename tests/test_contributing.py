"""The contributors' page: one skeleton in both languages, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atelier.commands import atelier
from atelier.course import workshop_root
from atelier.lesson.blocks import Document, Table
from atelier.lesson.language import language_defects
from atelier.lesson.parity import parity_defects
from atelier.lesson.parse import read_lesson
from atelier.lesson.readability import readability_defects

ROOT = workshop_root()
PAGES = {"en": "CONTRIBUTING.md", "fr": "CONTRIBUTING.fr.md"}
BOTH = pytest.mark.parametrize("language", PAGES)
PLACES = ("atelier/", "exercises/", "lessons/", "script/", "solutions/", "tests/")


def page(language: str) -> Document:
    return read_lesson(ROOT / PAGES[language])


def code(language: str) -> list[str]:
    """What stands between backticks, in order."""
    return re.findall(r"`([^`]+)`", (ROOT / PAGES[language]).read_text("utf-8"))


def test_one_skeleton() -> None:
    defects = [
        defect
        for defect in parity_defects(page("en"), page("fr"))
        if "only one language links to CONTRIBUTING" not in defect  # each links to the other
    ]
    assert defects == []
    assert sorted(set(code("en")) ^ set(code("fr"))) == [
        *("**Free terminal**", "**Terminal libre**"),
        *("script/test -k mot", "script/test -k word"),
    ]


def test_tables_name_the_same_things() -> None:
    def first_cells(language: str) -> list[str]:
        tables = [block for block in page(language).blocks if isinstance(block, Table)]
        return [row[0] for table in tables for row in table.rows[1:]]

    assert first_cells("en") == first_cells("fr")


@BOTH
def test_written_as_its_language_is(language: str) -> None:
    defects = [
        *readability_defects(page(language)),
        # The parts are those of a lesson, which this is not.
        *(
            each
            for each in language_defects(page(language), language)
            if "the parts are" not in each
        ),
    ]
    assert defects == []


@BOTH
def test_files_that_it_names_are_there(language: str) -> None:
    named = [word for span in code(language) for word in span.split() if word.startswith(PLACES)]
    missing = [name for name in named if not is_there(name)]
    assert len(named) > 20
    assert missing == []


def is_there(name: str) -> bool:
    """Whether a path is there; NN-slug and NAME stand for those of any step."""
    pattern = name.rstrip("/").replace("NN-slug", "[0-9][0-9]-*").replace("NAME", "*")
    return any(True for _path in ROOT.glob(pattern)) or pattern.endswith("/start")


@BOTH
def test_bare_files_and_modules_are_there(language: str) -> None:
    files = {path.name for place in PLACES for path in Path(ROOT / place).rglob("*")}
    for span in code(language):
        if re.fullmatch(r"[\w.]+\.(py|md|toml|sh|env)", span) and span != "test_slug.py":
            assert span in files or (ROOT / span).exists(), span


@BOTH
def test_commands_and_their_options_are_there(language: str) -> None:
    group = atelier
    used = [span.split() for span in code(language) if re.match(r"(pipenv run )?atelier ", span)]
    assert used
    for words in used:
        name, *arguments = words[words.index("atelier") + 1 :]
        command = group.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in arguments if word.startswith("--")} <= known


def test_each_directive_is_told() -> None:
    follower = (ROOT / "atelier" / "follow" / "follower.py").read_text("utf-8")
    known = set(re.findall(r"case \(\"(\w+)\"", follower))
    of_a_block = re.search(r"_OF_A_BLOCK = frozenset\(\{(.*)\}\)", follower)
    assert of_a_block is not None
    known |= set(re.findall(r"\w+", of_a_block[1]))
    assert len(known) > 8
    tables = [block for block in page("en").blocks if isinstance(block, Table)]
    cells = " ".join(row[0] for table in tables for row in table.rows)
    assert {name for name in known if f"`{name}" not in cells} == set()
