"""A block of code as a page shows it: who says it, what can be copied, what was left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from html import escape

from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

from atelier.lesson.blocks import Code, Commands, FileBlock, Output, Session
from atelier.lesson.code import ELISION
from atelier.lesson.session import read_session

_FORMATTER = HtmlFormatter(nowrap=True)
# What page.css gives a colour; the other words of a language would weigh a third of a page.
_COLOURED = frozenset(
    [
        *("c", "c1", "ch", "cm", "k", "kn", "kc", "kd", "kr", "ow"),
        *("s", "s1", "s2", "sd", "sa", "sb", "si", "se", "sf"),
        *("nd", "nb", "bp", "nt", "na", "nf", "nc", "fm", "m", "mi", "mf"),
    ]
)
_SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
_PLAIN = {"", "text"}


def code_figure(block: Code, label: str, words: dict[str, str]) -> str:
    """Return a block of a lesson as HTML.

    `label` is what the line above it says: the terminal, or the name of the file; `words` are
    those of the page's language. What may not be copied (prompts, answers, elisions) stands in
    elements of its own: pages.js leaves them out.
    """
    match block:
        case Output():
            caption = f"<span>{words['output']}</span>"
            return _figure("output", caption, _output(block.text))
        case Session():
            return _figure("commands", _caption(label, words), "".join(_session(block.text)))
        case Commands():
            lines = "".join(_commands(block))
            return _figure("commands", _caption(label, words), lines)
        case FileBlock():
            inside = "".join(_file(block, words["unchanged"]))
            name = f"<code>{escape(block.file)}</code>"
            return _figure("file", _caption(name, words, escaped=True), inside)
        case _:
            return _figure("sample", "", "".join(_file(block, words["unchanged"])))


def _figure(kind: str, caption: str, inside: str) -> str:
    head = f"<figcaption>{caption}</figcaption>" if caption else ""
    code = f'<pre translate="no"><code>{inside}</code></pre>'
    return f'<figure class="code {kind}">{head}{code}</figure>\n'


def _caption(label: str, words: dict[str, str], *, escaped: bool = False) -> str:
    """The label, and a button that is shown once a program is there to answer it."""
    said = label if escaped else f"<span>{escape(label)}</span>"
    return f'{said}<button type="button" class="copy" hidden>{words["copy"]}</button>'


def _output(text: str) -> str:
    return "".join(
        f'<span class="varies">{line}</span>\n' if line == "..." else f"{escape(line)}\n"
        for line in text.splitlines()
    )


def _commands(block: Commands) -> Iterator[str]:
    for line in block.text.splitlines():
        yield f'<span class="command">{escape(line)}</span>\n' if line.strip() else "\n"


def _session(text: str) -> Iterator[str]:
    for exchange in read_session(text):
        typed = _lines("".join(f"{line}\n" for line in exchange.typed), "python")
        for at, line in enumerate(typed):
            prompt = "..." if at else "&gt;&gt;&gt;"
            yield f'<span class="prompt">{prompt} </span>{line}\n'
        for line in exchange.answer:
            yield f'<span class="answer">{escape(line)}\n</span>'


def _file(block: Code, unchanged: str) -> Iterator[str]:
    for line, shown in zip(block.text.splitlines(), _lines(block.text, block.info), strict=True):
        if line.strip().lstrip("#/<!- ").startswith(ELISION):
            indent = line[: len(line) - len(line.lstrip())]
            yield f'<span class="elision">{indent}⋯ {unchanged}\n</span>'
        else:
            yield f"{shown}\n"


@lru_cache(maxsize=1024)  # both languages show the same code
def _lines(text: str, info: str) -> tuple[str, ...]:
    """Return the lines of `text` as HTML, in colors; as many as there are in `text`."""
    if info in _PLAIN:
        return tuple(escape(line) for line in text.splitlines())
    coloured = str(highlight(text, _lexer(info), _FORMATTER))
    shown = _SPAN.sub(lambda m: m[0] if m[1] in _COLOURED else m[2], coloured).split("\n")
    return tuple(shown[: len(text.splitlines())])


@cache
def _lexer(info: str) -> Lexer:
    # Blank lines at both ends are the lesson's: they count.
    return get_lexer_by_name(info, stripnl=False)
