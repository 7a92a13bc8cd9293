"""A lesson as a page: what is shown, what is not, what can be copied."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from atelier.course import workshop_root
from atelier.lesson.diagrams import drawing_id, drawings, key_of
from atelier.lesson.parse import LessonError
from atelier.pages import code
from atelier.pages.hints import show_hints
from atelier.pages.render import load, page_of, show
from atelier.pages.words import WORDS

LESSON = """\
# 02 · Two & things

[Français](../fr/02-two.md)

**20 min · one idea: `x` & y · terminals: web, free**

## Step by step

<!-- follow: idle web -->
Text with a [link](03-three.md#a-b), [another](https://example.org/?a=1&b=2),
[hints](../../exercises/02-two/hints.en.md).

<!-- follow: ready "up" -->
**Free terminal** (in the workshop's folder)

```bash
ls -a | grep "<x>"

cat file
```

```text
<b>
...
```

`wsgi.py`

```python
def f():
    # [...]
    return "<b>"
# [...]
```

**Free terminal**

```pycon
>>> def g():
...     return 1
...
>>> g()
...
1
```

`alone.py`

Not a block.

> [!WARNING]
> Be *careful*
> here.

> A quotation.

| A | B |
|---|---|
| `a` | b |

<details>
<summary>Why?</summary>

Because.

</details>

## Step by step

```mermaid
sequenceDiagram
    accTitle: A & B
    accDescr: A asks "B".
    A->>B: x
```
"""
DIAGRAM = LESSON.partition("```mermaid\n")[2].removesuffix("```\n")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The lesson above, in a folder of lessons, with its drawings."""
    folder = tmp_path / "lessons"
    (folder / "en").mkdir(parents=True)
    (folder / "diagrams").mkdir()
    for theme, path in drawings(folder / "diagrams", DIAGRAM).items():
        id = drawing_id(key_of(DIAGRAM), theme)
        path.write_text(f'<svg id="{id}" width="43" height="5" xmlns="x"></svg>\n')
    file = folder / "en" / "02-two.md"
    file.write_text(LESSON, "utf-8")
    return file


def html_of(page: Path, language: str = "en") -> str:
    return show(load(page, language)).html


def copied(html: str, number: int) -> str:
    """What the copy button of a block takes, as copy.js does it."""
    code = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", html, re.DOTALL)[number]
    code = re.sub(r'<span class="(prompt|elision)">[^<]*</span>', "", code)
    code = re.sub(r'<span class="answer">[^<]*</span>', "", code)
    return unescape(re.sub(r"<[^>]*>", "", code))


def test_only_what_is_to_be_read_is_shown(page: Path) -> None:
    html = html_of(page)
    assert "follow" not in html
    assert "<!--" not in html
    assert "02-two.md" not in html  # the page has its own switch
    assert '<h1 id="02--two--things">02 · Two &amp; things</h1>' in html


def test_links_lead_to_pages(page: Path) -> None:
    html = html_of(page)
    assert '<a href="03-three.html#a-b">' in html
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noopener">' in html
    assert '<a href="02-two-hints.html">' in html


@pytest.mark.parametrize("target", ["../../README.md", "../../wsgi.py", "/etc/x"])
def test_link_that_no_page_shows_is_refused_where_it_stands(page: Path, target: str) -> None:
    page.write_text(LESSON.replace("03-three.md#a-b", target), "utf-8")
    assert page_of(target) is None
    with pytest.raises(LessonError, match=r"02-two\.md:10: no page shows "):
        html_of(page)


def test_commands_say_where_they_are_typed_and_come_without_a_prompt(page: Path) -> None:
    html = html_of(page)
    assert "<span>Free terminal (in the workshop&#x27;s folder)</span>" in html
    assert copied(html, 0) == 'ls -a | grep "<x>"\n\ncat file\n'
    assert html.count('class="command"') == 2


def test_output_is_text_and_is_not_offered_for_copying(page: Path) -> None:
    figures = re.findall(r"<figure.*?</figure>", html_of(page), re.DOTALL)
    output = figures[1]
    assert 'class="code output"' in output
    assert "What you see" in output
    assert "button" not in output
    assert '&lt;b&gt;\n<span class="varies">...</span>' in output
    assert all("button" in figures[at] for at in (0, 2, 3))


def test_file_has_its_name_and_its_elisions(page: Path) -> None:
    html = html_of(page)
    assert "<figcaption><code>wsgi.py</code>" in html
    assert "# [...]" not in html
    assert html.count("⋯ lines that do not change") == 2
    assert copied(html, 2) == 'def f():\n    return "<b>"\n'


def test_session_is_copied_without_prompts_and_answers(page: Path) -> None:
    assert copied(html_of(page), 3) == "def g():\n    return 1\n\ng()\n"


def test_name_above_no_block_is_a_paragraph(page: Path) -> None:
    assert '<p><code class="short">alone.py</code></p>' in html_of(page)


@pytest.mark.parametrize(("language", "title"), [("en", "Warning"), ("fr", "Avertissement")])
def test_alert_has_its_title_in_the_language(page: Path, language: str, title: str) -> None:
    html = html_of(page, language)
    assert f'<p class="alert-title">{title}</p>\n<p>Be <em>careful</em>\nhere.</p>' in html
    assert "[!WARNING]" not in html
    assert html.count("<blockquote>") == html.count("</blockquote>") == 1
    assert html.count("<div") == html.count("</div>")


def test_diagram_is_its_two_drawings_with_their_words(page: Path) -> None:
    html = html_of(page)
    key = key_of(DIAGRAM)
    for theme in ("light", "dark"):
        assert (
            f'<img class="{theme}" src="../diagrams/{key}.{theme}.svg" '
            'alt="A asks &quot;B&quot;." width="43" height="5" loading="lazy">'
        ) in html
    assert "<figcaption>A &amp; B</figcaption>" in html
    assert "sequenceDiagram" not in html


def test_sections_hold_the_words_that_are_searched(page: Path) -> None:
    shown = show(load(page, "en"))
    assert [(each.level, each.anchor) for each in shown.sections] == [
        (1, "02--two--things"),
        (2, "step-by-step"),
        (2, "step-by-step-1"),
    ]
    text = shown.sections[1].text
    for words in ('grep "<x>"', "Be careful here.", "Why? Because.", "a b", "Text with a link"):
        assert words in text
    assert "[!WARNING]" not in text
    assert "follow" not in text
    assert shown.sections[2].text == 'A & B A asks "B".'
    assert shown.summary.startswith("20 min · one idea: x & y")


def test_a_lesson_can_be_shown_twice(page: Path) -> None:
    lesson = load(page, "en")
    assert show(lesson) == show(lesson)


def test_hints_are_folded_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "hints.fr.md"
    file.write_text("## 1\n\nA `b`?\n\n## 2\n\n- c\n", "utf-8")
    assert show_hints(file, "Indice") == (
        "<details>\n<summary>Indice 1</summary>\n<p>A <code>b</code>?</p>\n</details>\n"
        "<details>\n<summary>Indice 2</summary>\n<ul>\n<li>c</li>\n</ul>\n</details>\n"
    )


def test_every_word_of_the_pages_is_used() -> None:
    folder = workshop_root() / "atelier" / "pages"
    code = "\n".join(
        file.read_text("utf-8")
        for file in [*folder.glob("templates/*.html"), *folder.glob("*.py")]
        if file.name != "words.py"
    )
    unused = {name for name in WORDS if not re.search(rf"\.{name}\b|words\[.{name}.\]", code)}
    assert unused == set()


def test_code_bears_the_colours_of_the_style_sheet_and_no_others() -> None:
    css = (Path(code.__file__).parent / "static" / "page.css").read_text("utf-8")
    colours = re.findall(r"^((?:\.[a-z][a-z0-9]?(?:, )?)+) \{ color:", css, re.MULTILINE)
    assert {name for line in colours for name in re.findall(r"\w+", line)} == code._COLOURED
