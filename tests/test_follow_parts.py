"""What the follower is made of: comparing, placing blocks, reading sessions, ports."""

from __future__ import annotations

import re
import socket
import textwrap

import pytest

from atelier.course import Course
from atelier.follow import edit, expect
from atelier.follow.mismatch import CannotFollow
from atelier.follow.ports import ports_of, require_free
from atelier.harness.ports import free_port
from atelier.lesson.blocks import FileBlock
from atelier.lesson.parse import read_lesson
from atelier.lesson.session import read_session


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("one\ntwo\n", "\none\ntwo  \n\n"),
        ("...\n", ""),
        ("...\nlast\n", "a\nb\nlast\n"),
        ("first\n...\n", "first\n"),
        ("list: 200 in 0... s\n", "list: 200 in 0.0123 s\n"),
        ("Waiting...\n", "Waiting for it\n"),
        ("[main ...] a+b\n", "[main 1a2b3c4] a+b\n"),
        ("green\n", "\x1b[32mgreen\x1b[0m\r\n"),
        ("done\n", "10%\r50%\rdone\r\n"),
    ],
)
def test_is_what_the_lesson_says(expected: str, printed: str) -> None:
    assert expect.is_whole(expected, expect.readable(printed))


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("one\n", "one\ntwo\n"),
        ("one\n", "zero\none\n"),
        ("list: 200 in 0... s\n", "list: 200 in 3.01 s\n"),
        ("one\n\ntwo\n", "one\ntwo\n"),
        ("a.c\n", "abc\n"),
    ],
)
def test_is_not_what_the_lesson_says(expected: str, printed: str) -> None:
    assert not expect.is_whole(expected, expect.readable(printed))


def test_lines_are_found_where_they_stand() -> None:
    text = "up\n[09:00] received\n[09:03] succeeded\n[09:04] received\n"
    end = expect.find("...\n[...] received\n[...] succeeded\n...\n", text)
    assert end is not None
    assert text[end:] == "[09:04] received\n"
    assert expect.find("[...] succeeded\n[...] succeeded\n", text) is None


FILE = """\
import os

from b import c


def first():
    return 1


def second():
    x = 1
    return x
"""


@pytest.mark.parametrize(
    ("block", "changes"),
    [
        # Lines at the top, with the place below them.
        ("import os\nimport sys\n# [...]\n", ("import os\n", "import os\nimport sys\n")),
        ("from a import a\n\nimport os\n# [...]\n", ("import os", "from a import a\n\nimport os")),
        # Between two lines; what stood there is replaced, and what is left out is gone.
        (
            "# [...]\ndef second():\n    y = 2\n    return x\n# [...]\n",
            ("    x = 1\n", "    y = 2\n"),
        ),
        ("# [...]\ndef second():\n    return x\n# [...]\n", ("    x = 1\n", "")),
        # New lines below their place, or above it.
        ("# [...]\nfrom b import c\nfrom d import e\n# [...]\n", ("c\n", "c\nfrom d import e\n")),
        ("# [...]\n    y = 0\n    x = 1\n# [...]\n", ("    x = 1", "    y = 0\n    x = 1")),
        # To the end of the file.
        ("# [...]\n    return x\n\n\nz = 3\n", ("    return x\n", "    return x\n\n\nz = 3\n")),
        ("# [...]\n    y = 0\n    return x\n", ("    return x", "    y = 0\n    return x")),
        # Two pieces, in the order of the file.
        (
            "# [...]\nfrom b import c\nfrom d import e\n"
            "# [...]\n    x = 2\n    return x\n# [...]\n",
            None,
        ),
        # What stands there already.
        ("# [...]\ndef first():\n    return 1\n# [...]\n", ("", "")),
    ],
)
def test_a_block_is_placed(block: str, changes: tuple[str, str] | None) -> None:
    if changes is None:
        assert edit.apply(block, FILE) == FILE.replace("c\n", "c\nfrom d import e\n").replace(
            "    x = 1\n", "    x = 1\n    x = 2\n"
        )
    else:
        assert edit.apply(block, FILE) == FILE.replace(*changes, 1)


def test_a_file_that_is_shown_whole_is_written_whole() -> None:
    assert edit.apply("a = 1\n", "") == "a = 1\n"
    assert edit.apply("a = 1\nb = 2\n", "c = 3\n") == "a = 1\nb = 2\n"


def test_a_block_without_a_place_is_refused() -> None:
    with pytest.raises(edit.NoPlace, match="'nowhere'"):
        edit.apply("# [...]\nnowhere\n# [...]\n", FILE)


def test_comments_in_another_language_are_the_same_line() -> None:
    content = "a = 1  # one\n# two\nb = 2\n"
    block = "# [...]\na = 1  # un\n# deux\nb = 3\n"
    assert edit.apply(block, content) == "a = 1  # un\n# deux\nb = 3\n"
    assert edit.apply("a = 1  # un\n# [...]\n", content) == content


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_blocks_of_the_lessons_make_the_solutions(course: Course, language: str) -> None:
    for step in course.steps:
        file = step.lesson(language)
        if step.kind != "guided" or not file.is_file():
            continue
        document = read_lesson(file)
        experiment = ("Experiment", "Expérience")
        before, after = course.tree_before(step), course.tree(step)
        files = {name: content.decode() for name, content in before.items()}
        for block in document.blocks:
            if not isinstance(block, FileBlock) or block.directive("reminder"):
                continue
            if document.section(block) not in experiment:
                files[block.file] = edit.apply(block.text, files.get(block.file, ""))
        done = course.up_to(step)
        for name, content in after.items():
            by_command = name.startswith("Pipfile") or any(each.generates(name) for each in done)
            if not by_command:
                got, wanted = (
                    re.sub(r"# .*$", "#", text, flags=re.MULTILINE)  # in the lesson's language
                    for text in (files[name], content.decode())
                )
                assert got == wanted, f"{file}: {name}"


def test_a_session_is_read() -> None:
    text = textwrap.dedent(
        """\
        >>> x = 1
        >>> for n in range(2):
        ...     print(n)
        ...
        0
        1
        >>> f()
        Traceback (most recent call last):
        ...
        ValueError
        """
    )
    exchanges = read_session(text)
    assert [(each.line, each.typed, each.answer) for each in exchanges] == [
        (0, ["x = 1"], []),
        (1, ["for n in range(2):", "    print(n)", ""], ["0", "1"]),
        (6, ["f()"], ["Traceback (most recent call last):", "...", "ValueError"]),
    ]


def test_the_ports_of_commands() -> None:
    assert ports_of(["git status", "pipenv run flask shell"]) == set()
    assert ports_of(["pipenv run atelier redis"]) == {6379}
    assert ports_of(["pipenv run flask run --debug", "redis-server"]) == {6379, 8000}


def test_a_taken_port_is_named_with_its_holder() -> None:
    require_free([free_port()])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotFollow, match=rf"Port {port} is taken by .*process \d+"):
            require_free([port])
