"""The whole site: every link leads somewhere, nothing comes from elsewhere, pages are light."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from atelier.commands import atelier
from atelier.commands.desk import Desk
from atelier.course import Course, workshop_root
from atelier.i18n import LANGUAGES
from atelier.pages.build import MARK, build
from atelier.pages.site import Site, Standing
from atelier.project import ProjectError
from tests.site_pages import LIGHT, LOADED, Page, link_defects

BOTH = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(Course(workshop_root()))


@pytest.fixture(scope="module")
def files(site: Site) -> dict[str, bytes]:
    """The whole site, made once."""
    return {address: make() for address, make in site.files().items()}


@pytest.fixture(scope="module")
def pages(files: dict[str, bytes]) -> dict[str, Page]:
    """The pages of the site, read once."""
    return {
        name: Page(content.decode()) for name, content in files.items() if name.endswith(".html")
    }


def test_every_link_leads_somewhere(files: dict[str, bytes]) -> None:
    assert list(link_defects(files)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('href="10-first-task.html"', 'href="10-nowhere.html"'),
        ('href="#before-you-start"', 'href="#nowhere"'),
        ('src="../static/theme.js"', 'src="https://example.org/theme.js"'),
        ('href="index.html"', 'href="/en/index.html"'),
    ],
)
def test_link_that_leads_nowhere_is_found(files: dict[str, bytes], old: str, new: str) -> None:
    page = "en/09-make-celery.html"
    assert old in files[page].decode()
    broken = {**files, page: files[page].decode().replace(old, new).encode()}
    assert new.partition('"')[2].rstrip('"') in "\n".join(link_defects(broken, [page]))


def test_every_lesson_has_its_page_in_both_languages(
    course: Course, files: dict[str, bytes]
) -> None:
    for language in LANGUAGES:
        for step in course.steps:
            page = files[f"{language}/{step.name}.html"].decode()
            assert f"<title>{step.number:02d} · " in page
            assert f"{language}/{step.name}-hints.html" in files
        assert f"{language}/part-1.html" in files


def test_pages_are_light(files: dict[str, bytes]) -> None:
    with_all = sum(len(content) for name, content in files.items() if name.startswith("static/"))
    for name, content in files.items():
        if name.endswith(".html"):
            assert len(content) + with_all < LIGHT, name


def test_ids_are_unique_and_languages_are_told(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        root = page.elements[0]
        language = name.partition("/")[0]
        if language in LANGUAGES:
            assert root.attributes["lang"] == language
            told = {
                each.attributes["hreflang"]
                for each in page.elements
                if each.tag == "link" and each.attributes["rel"] == "alternate"
            }
            assert told == {*LANGUAGES, "x-default"}


def test_nothing_runs_or_loads_but_what_the_site_holds(
    files: dict[str, bytes], pages: dict[str, Page]
) -> None:
    for name, page in pages.items():
        for element in page.elements:
            assert "style" not in element.attributes, name
            assert element.tag != "style", name
            assert not [each for each in element.attributes if each.startswith("on")], name
            if element.tag == "script":
                assert element.attributes["src"], name
        assert "default-src 'none'" in files[name].decode()
        loads = [target for tag, at, target in page.links() if (tag, at) in LOADED]
        assert not [target for target in loads if "//" in target], name
    for name, content in files.items():
        if name.endswith((".css", ".js")):
            assert not re.search(rb"https?://|@import|url\(", content), name


@BOTH
def test_each_heading_knows_its_twin(pages: dict[str, Page], language: str) -> None:
    other = "fr" if language == "en" else "en"
    for name, page in pages.items():
        if not name.startswith(language):
            continue
        twin = pages[name.replace(language, other, 1)]
        anchors = [
            each.attributes["data-twin"] for each in page.elements if "data-twin" in each.attributes
        ]
        contents = [each for each in page.elements if each.attributes.get("href", "")[:1] == "#"]
        if any(each.has("contents") for each in page.elements):
            assert len(anchors) > 3, name
            assert len(contents) > len(anchors)
        assert set(anchors) <= set(twin.ids), name


@BOTH
def test_search_index_has_every_page_and_place(
    files: dict[str, bytes], pages: dict[str, Page], language: str
) -> None:
    index = json.loads(files[f"{language}/search.json"])
    found = [f"{language}/{name}" for name, _title in index["pages"]]
    assert len(found) == len(list((workshop_root() / "lessons" / language).glob("*.md")))
    for page, anchor, title, text in index["sections"]:
        assert anchor in pages[found[page]].ids
        assert title
        assert not re.search(r"<!--|follow: (?!for an address)", text)


def test_state_of_the_steps_is_shown_where_it_is_known(course: Course) -> None:
    met, here = course.steps[0], course.steps[1]
    site = Site(course, lambda: Standing(frozenset({met.slug}), here.slug))
    page = site.files()["en/03-database.html"]().decode()
    assert f'<li class="met"><a href="{met.name}.html">' in page
    assert "(all criteria met)" in page
    assert f'<li class="here"><a href="{here.name}.html">' in page
    assert '<a href="03-database.html" aria-current="page">' in page


def test_a_lesson_that_changes_is_read_again(tmp_path: Path, course: Course) -> None:
    root = tmp_path / "workshop"
    step = root / "exercises" / "01-one"
    step.mkdir(parents=True)
    (step / "step.toml").write_text(
        'kind = "guided"\nminutes = 5\n[title]\nen = "One"\nfr = "Un"\n', "utf-8"
    )
    page = root / "lessons" / "en" / "01-one.md"
    page.parent.mkdir(parents=True)
    page.write_text("# 01 · One\n\n## Here\n\nOld.\n", "utf-8")
    site = Site(Course(root))
    make = site.files()["en/01-one.html"]
    old = make().decode()
    assert "Old." in old
    assert 'href="../fr/index.html"' in old  # there is no French page: its list of lessons
    assert "fr/01-one.html" not in site.files()
    page.write_text("# 01 · One\n\n## Here\n\nNew, and longer.\n", "utf-8")
    assert "New, and longer." in make().decode()


# --- build ----------------------------------------------------------------------------------------


def test_build_writes_the_site_and_replaces_it(
    course: Course, tmp_path: Path, files: dict[str, bytes]
) -> None:
    out = tmp_path / "new" / "site"
    assert build(course, out) == len(files)
    written = {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }
    assert written == {**files, MARK: b""}
    (out / "old.html").touch()
    build(course, out)
    assert not (out / "old.html").exists()
    assert [path.name for path in out.parent.iterdir()] == ["site"]


def test_build_leaves_a_folder_that_holds_something_else(course: Course, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ProjectError, match="holds other files"):
            build(course, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_build_that_stops_leaves_nothing(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_arguments: object) -> bytes:
        raise OSError("no space")

    monkeypatch.setattr(Site, "_home", stop)
    with pytest.raises(OSError, match="no space"):
        build(course, tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_commands_are_there() -> None:
    assert {"build", "serve"} <= set(atelier.commands)
    assert Desk().course.steps
