"""A diagram of a lesson, and its two drawings: light and dark, tied to its text by a hash.

GitHub draws the text itself; the pages show the drawings. `script/diagrams` makes them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from atelier.lesson.blocks import Diagram, Document
from atelier.lesson.parse import read_lesson

THEMES = ("light", "dark")
TITLE = "accTitle"
DESCRIPTION = "accDescr"

# What runs, or brings in something from outside the drawing.
_FOREIGN_ELEMENTS = {"script", "foreignObject", "image", "iframe", "audio", "video"}
_FOREIGN_VALUE = re.compile(r"//|@import|\burl\((?!\s*[\"']?#)|javascript:|data:", re.IGNORECASE)


def key_of(text: str) -> str:
    """Return what names a diagram: the same for texts that differ by blank lines or line ends."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()[:12]


def drawing_id(key: str, theme: str) -> str:
    """Return the id of the root of a drawing: two drawings may stand in one page."""
    return f"diagram-{key}-{theme}"


def drawings(folder: Path, text: str) -> dict[str, Path]:
    """Return the file of each theme for the diagram `text`; `folder` is that of the drawings."""
    key = key_of(text)
    return {theme: folder / f"{key}.{theme}.svg" for theme in THEMES}


def drawings_folder(lesson: Path) -> Path:
    """Return where the drawings of a lesson are: one folder for both languages."""
    return lesson.parent.parent / "diagrams"


def said_in(text: str, name: str) -> str:
    """Return what the line `name:` of a diagram says (its text alternative), empty without one."""
    match = re.search(rf"^\s*{name}[ \t]*:[ \t]*(\S.*?)\s*$", text, re.MULTILINE)
    return match[1] if match else ""


def diagrams_of(document: Document) -> list[Diagram]:
    """Return the diagrams of a lesson, in order."""
    return [block for block in document.blocks if isinstance(block, Diagram)]


def diagram_defects(document: Document) -> Iterator[str]:
    """Yield diagrams without a text alternative, without drawings, or with unsound ones."""
    for diagram in diagrams_of(document):
        where = f"{document.path}:{diagram.line}"
        for name, what in ((TITLE, "names"), (DESCRIPTION, "says in words")):
            if not said_in(diagram.text, name):
                yield f"{where}: give this diagram a line “{name}: …” that {what} what it shows"
        for theme, path in drawings(drawings_folder(document.path), diagram.text).items():
            if not path.is_file():
                yield f"{where}: this diagram has no {path.name}; run script/diagrams"
            elif fault := drawing_fault(
                path.read_text("utf-8"), drawing_id(key_of(diagram.text), theme)
            ):
                yield f"{where}: {path.name} {fault}; run script/diagrams --all"


def drawing_fault(svg: str, root_id: str) -> str:
    """Return what is wrong with a drawing, empty when nothing is.

    It is the drawing of its text (its root has the id `root_id`), it holds no program, and it asks
    nothing of any other place.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        return f"is not XML ({error})"
    if _local(root.tag) != "svg" or root.get("id") != root_id:
        return "is the drawing of another diagram"
    return next((fault for element in root.iter() if (fault := _element_fault(element))), "")


def stray_drawings(lessons: Path) -> list[Path]:
    """Return the files among the drawings that belong to no diagram of the lessons."""
    folder = lessons / "diagrams"
    wanted = {
        path
        for page in sorted(lessons.glob("??/*.md"))
        for diagram in diagrams_of(read_lesson(page))
        for path in drawings(folder, diagram.text).values()
    }
    return sorted(path for path in folder.glob("*") if path not in wanted)


def stray_defects(lessons: Path) -> Iterator[str]:
    """Yield the drawings that no lesson uses; `lessons` is the folder of both languages."""
    for path in stray_drawings(lessons):
        yield f"{path}:1: no lesson has this diagram; run script/diagrams, which removes it"


def _element_fault(element: ElementTree.Element) -> str:
    name = _local(element.tag)
    if name in _FOREIGN_ELEMENTS:
        return f"holds a <{name}>"
    if name == "style" and _FOREIGN_VALUE.search(element.text or ""):
        return "has a style that names an address"
    for attribute, value in element.items():
        if _local(attribute).startswith("on"):
            return f"holds a program ({attribute})"
        if _FOREIGN_VALUE.search(value) or _leads_out(attribute, value):
            return f"names an address ({_local(attribute)})"
    return ""


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def _leads_out(attribute: str, value: str) -> bool:
    return _local(attribute) in ("href", "src") and not value.startswith("#")
