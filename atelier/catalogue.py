"""The French catalogue kept in step with the sentences in the code (for authors; needs Babel)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path
from tokenize import TokenError

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from atelier.course import workshop_root

_PLACES = ("atelier/**/*.py", "exercises/*/test_*.py")
# What click says by itself, which it looks up in the same catalogue (see cli.py).
_OF_CLICK = (
    *("Usage:", "Options", "Commands", "Show this message and exit.", "default: {default}"),
)
_KEYWORDS = {"_": None}


def catalogue_file(root: Path) -> Path:
    """Return the French catalogue of the workshop in `root`."""
    return root / "atelier" / "locale" / "fr" / "LC_MESSAGES" / "atelier.po"


def sources(root: Path) -> dict[str, str]:
    """Return every sentence that is marked for translation, sorted, with its `file:line`."""
    found = dict.fromkeys(_OF_CLICK, "atelier/catalogue.py:1")
    for place in _PLACES:
        for file in sorted(root.glob(place)):
            name = file.relative_to(root)
            with suppress(SyntaxError, TokenError):  # who reads it as Python tells that
                for line, message, _comments, _context in extract_from_file(
                    "python", file, keywords=_KEYWORDS
                ):
                    sentence = message if isinstance(message, str) else message[0]
                    found.setdefault(sentence, f"{name}:{line}")
    found.pop("", None)
    return dict(sorted(found.items()))


def read_catalogue(root: Path) -> Catalog:
    """Return the catalogue as it stands, an empty one when there is none."""
    file = catalogue_file(root)
    if not file.exists():
        return Catalog(locale="fr")
    with file.open("rb") as content:
        return read_po(content, locale="fr")


def translated(root: Path) -> int:
    """Return how many sentences have their French."""
    return sum(
        bool(message.id and message.string and not message.fuzzy)
        for message in read_catalogue(root)
    )


def updated(known: Catalog, wanted: Iterable[str]) -> Catalog:
    """Return the catalogue with the sentences `wanted`, and no other."""
    catalogue = Catalog(locale="fr", charset="utf-8", fuzzy=False)
    for source in wanted:
        message = known.get(source)
        catalogue.add(source, message.string if message else "")
    return catalogue


def po_bytes(catalogue: Catalog) -> bytes:
    """Return a catalogue as a .po file, with nothing in it that changes by the day."""
    output = io.BytesIO()
    write_po(output, catalogue, width=0, omit_header=True)
    header = b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nLanguage: fr\\n"\n\n'
    return header + output.getvalue().lstrip(b"\n")


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return a catalogue as a .mo file, with no date of today in it."""
    dated = read_po(io.BytesIO(po_bytes(catalogue)), locale="fr")
    dated.creation_date = dated.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    output = io.BytesIO()
    write_mo(output, dated)
    return output.getvalue()


def defects(root: Path) -> Iterator[str]:
    """Yield what is wrong with the catalogue: untranslated, fuzzy, left over, stale."""
    known = read_catalogue(root)
    wanted = sources(root)
    file = catalogue_file(root)
    name = file.relative_to(root)
    for source, place in wanted.items():
        message = known.get(source)
        if message is None or not message.string:
            yield f"{place}: no French for: {source}; run script/catalogue, write it into {name}"
        elif message.fuzzy:
            yield f"{place}: the French is fuzzy in {name}: {source}"
    for message in known:
        if message.id and message.id not in wanted:
            yield f"{name}: no longer in the code: {message.id}; run script/catalogue"
    if not file.exists() or file.read_bytes() != po_bytes(updated(known, wanted)):
        yield f"{name}: is not as script/catalogue writes it; run it"
    elif not _says(file.with_suffix(".mo"), known):
        yield f"{name.with_suffix('.mo')}: is stale; run script/catalogue"


def _says(file: Path, catalogue: Catalog) -> bool:
    """Whether the compiled catalogue says what the other one does."""
    if not file.exists():
        return False
    with file.open("rb") as content:
        compiled = GNUTranslations(content)
    return all(
        compiled.gettext(str(message.id)) == message.string for message in catalogue if message.id
    )


def main() -> None:
    """Write the catalogue anew and say what is missing."""
    root = workshop_root()
    catalogue = updated(read_catalogue(root), sources(root))
    file = catalogue_file(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(po_bytes(catalogue))
    file.with_suffix(".mo").write_bytes(mo_bytes(catalogue))
    for defect in defects(root):
        print(defect)


if __name__ == "__main__":
    main()
