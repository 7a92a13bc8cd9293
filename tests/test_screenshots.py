"""The pictures in the READMEs: there, small, and made by the script that can be typed."""

from __future__ import annotations

import re
import stat

import pytest

from atelier.course import workshop_root
from atelier.lesson.diagrams import THEMES

ROOT = workshop_root()
FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 200_000  # bytes


@pytest.mark.parametrize(("language", "name"), [("en", "README.md"), ("fr", "README.fr.md")])
def test_readme_shows_the_pictures_of_its_language(language: str, name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    shown = re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text)
    wanted = [FOLDER / f"lesson-{language}-{theme}.png" for theme in THEMES]
    assert sorted(ROOT / path for path in shown) == sorted(wanted)
    assert re.search(r'<img [^>]*alt="[^"]{40,}"', text)
    for path in wanted:
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size < LARGEST


def test_no_picture_is_left_over() -> None:
    assert len(list(FOLDER.iterdir())) == 4


def test_script_can_be_typed() -> None:
    assert (ROOT / "script" / "screenshots").stat().st_mode & stat.S_IXUSR
