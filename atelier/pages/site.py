"""Every page of the site, by its address. The server shows them, and `build` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from atelier.course import Course, Step
from atelier.i18n import LANGUAGES
from atelier.pages.live.words import live_words
from atelier.pages.render import Lesson, Shown, load, show
from atelier.pages.words import LANGUAGE_NAMES, words_in

_HERE = Path(__file__).parent
_OTHER = {"en": "fr", "fr": "en"}
_IN_CONTENTS = (2, 3)  # the levels of the headings there

# What gives the content of an address.
Producer = Callable[[], bytes]


@dataclass(frozen=True)
class Entry:
    """A page of the course: a lesson, or a page that belongs to no step."""

    name: str
    title: str
    file: Path
    step: Step | None


@dataclass(frozen=True)
class Standing:
    """How far the learner is: the slugs of the steps that are met, and of the current one."""

    met: frozenset[str] = frozenset()
    here: str = ""


class Site:
    """The pages of a course. Files are read anew when they have changed."""

    def __init__(
        self,
        course: Course,
        standing: Callable[[], Standing] = Standing,
        *,
        live: bool = False,
    ) -> None:
        """Show `course`; `standing` is asked at each page how far the learner is.

        With `live`, lessons have a place for the learner's criteria, which a server feeds.
        """
        self._course = course
        self._standing = standing
        self._live = live
        self._lessons: dict[Path, tuple[int, Lesson]] = {}
        self._shown: dict[Path, tuple[int, Shown]] = {}

    def files(self) -> dict[str, Producer]:
        """Return every address of the site, relative to its root, and what gives its content."""
        found: dict[str, Producer] = {"index.html": self._welcome}
        for language in LANGUAGES:
            found[f"{language}/index.html"] = partial(self._home, language)
            found[f"{language}/search.json"] = partial(self._index, language)
            for at, entry in enumerate(self._entries(language)):
                found[f"{language}/{entry.name}.html"] = partial(self._lesson_page, language, at)
                if entry.step and _hints(entry.step, language).is_file():
                    found[f"{language}/{entry.name}-hints.html"] = partial(
                        self._hints_page, language, at
                    )
        for folder, place in (
            (_HERE / "static", "static"),
            (self._course.root / "lessons" / "diagrams", "diagrams"),
            *([(_HERE / "live" / "static", "static")] if self._live else []),
        ):
            for file in sorted(folder.glob("*.*")):
                found[f"{place}/{file.name}"] = file.read_bytes
        return found

    def missing(self, language: str) -> bytes:
        """Return the page that says, in `language`, that nothing is at an address."""
        return self._render("missing.html", language, name="", prefix="/")

    def _entries(self, language: str) -> list[Entry]:
        """Return the pages of a language in their order: the lessons, then the others."""
        entries = [
            Entry(step.name, f"{step.number:02d} · {step.titles[language]}", file, step)
            for step in self._course.steps
            if (file := step.lesson(language)).is_file()
        ]
        known = {entry.file for entry in entries}
        folder = self._course.root / "lessons" / language
        for file in sorted(folder.glob("*.md")):
            if file not in known:
                title = file.read_text("utf-8").partition("\n")[0].lstrip("# ")
                entries.append(Entry(file.stem, title, file, None))
        return entries

    def _welcome(self) -> bytes:
        said = {language: words_in(language) for language in LANGUAGES}
        return self._render("welcome.html", "en", name="", prefix="", said=said)

    def _home(self, language: str) -> bytes:
        entries = self._entries(language)
        return self._render(
            "home.html",
            language,
            name="index",
            entries=entries,
            next=entries[0] if entries else None,
        )

    def _lesson_page(self, language: str, at: int) -> bytes:
        entries = self._entries(language)
        entry = entries[at]
        shown = self._show(entry.file, language)
        twins = self._twin_anchors(entry.file, _OTHER[language], len(shown.sections))
        contents = [
            (section, twin)
            for section, twin in zip(shown.sections, twins, strict=True)
            if section.level in _IN_CONTENTS
        ]
        return self._render(
            "lesson.html",
            language,
            name=entry.name,
            title=entry.title,
            summary=shown.summary,
            entries=entries,
            entry=entry,
            content=shown.html,
            contents=contents,
            previous=entries[at - 1] if at else None,
            next=entries[at + 1] if at + 1 < len(entries) else None,
            live=live_words(language) if self._live and entry.step else None,
        )

    def _hints_page(self, language: str, at: int) -> bytes:
        from atelier.pages.hints import show_hints

        entries = self._entries(language)
        entry = entries[at]
        assert entry.step is not None  # only steps have hints
        words = words_in(language)
        return self._render(
            "hints.html",
            language,
            name=f"{entry.name}-hints",
            title=f"{words['hints']} – {entry.title}",
            entries=entries,
            entry=entry,
            content=show_hints(_hints(entry.step, language), words["hint"]),
        )

    def _index(self, language: str) -> bytes:
        """What the search reads: the titles of the pages, and the text below each heading."""
        pages: list[list[str]] = []
        sections: list[list[Any]] = []
        for entry in self._entries(language):
            for section in self._show(entry.file, language).sections:
                sections.append([len(pages), section.anchor, section.title, section.text])
            pages.append([f"{entry.name}.html", entry.title])
        content = {"pages": pages, "sections": sections}
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def _twin_anchors(self, file: Path, language: str, count: int) -> list[str]:
        """Return the same headings' anchors in the other language, empty where they differ."""
        twin = file.parent.parent / language / file.name
        anchors = self._load(twin, language).anchors if twin.is_file() else []
        return anchors if len(anchors) == count else [""] * count

    def _load(self, file: Path, language: str) -> Lesson:
        changed = file.stat().st_mtime_ns
        known = self._lessons.get(file)
        if known is None or known[0] != changed:
            known = self._lessons[file] = (changed, load(file, language))
        return known[1]

    def _show(self, file: Path, language: str) -> Shown:
        changed = file.stat().st_mtime_ns
        known = self._shown.get(file)
        if known is None or known[0] != changed:
            known = self._shown[file] = (changed, show(self._load(file, language)))
        return known[1]

    def _render(self, template: str, language: str, **values: Any) -> bytes:
        other = _OTHER[language]
        twin = f"{values['name']}.html"
        common: Mapping[str, Any] = {
            "language": language,
            "other": other,
            "languages": LANGUAGE_NAMES,
            "words": words_in(language),
            "prefix": "../",
            "twin": twin if self._has_page(other, values["name"]) else "index.html",
            "standing": self._standing(),
            "title": "",
            "summary": "",
            "contents": (),
            "previous": None,
            "next": None,
            "live": None,
        }
        return self._templates.get_template(template).render({**common, **values}).encode()

    def _has_page(self, language: str, name: str) -> bool:
        file = name.removesuffix("-hints")
        return (self._course.root / "lessons" / language / f"{file}.md").is_file()

    @cached_property
    def _templates(self) -> Environment:
        return Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )


def _hints(step: Step, language: str) -> Path:
    return step.exercise / f"hints.{language}.md"
