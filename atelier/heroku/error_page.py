"""The page that a browser shows when an app does not answer."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 34em; padding: 0 1em; }}
</style>
<h1>{title}</h1>
<p>{sentence}</p>
<p>The log of the app says why. In a terminal: <code>heroku logs --tail</code></p>
</html>
"""


def error_page(title: str, sentence: str) -> bytes:
    """Return the page as bytes of UTF-8."""
    return _PAGE.format(title=escape(title), sentence=escape(sentence)).encode()
