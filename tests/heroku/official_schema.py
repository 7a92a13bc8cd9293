"""The official JSON schema of the Platform API; its licence stands beside it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

# These two name the real platform's own hosts: a local one cannot fit them.
_OF_THE_REAL_HOSTS = ("git_url", "web_url")

# What the real one answers beyond its schema, as its own command's tests show.
_BEYOND = {"app": {"create_status"}}


@cache
def _schema() -> dict[str, Any]:
    file = Path(__file__).with_name("platform-api-schema.json")
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
    for name in _OF_THE_REAL_HOSTS:
        del schema["definitions"]["app"]["definitions"][name]["pattern"]
    _make_strict(schema)
    return schema


def _make_strict(schema: object) -> None:
    """Say `strictProperties` (all of these properties, and no others) in JSON schema's words."""
    if isinstance(schema, dict):
        if schema.pop("strictProperties", False) is True and "properties" in schema:
            schema["additionalProperties"] = False
            schema["required"] = sorted(schema["properties"])
        for value in schema.values():
            _make_strict(value)
    elif isinstance(schema, list):
        for value in schema:
            _make_strict(value)


def errors(resource: str, answer: object) -> list[str]:
    """Return where `answer` does not fit the schema of `resource`; empty when it does."""
    wrapped = {"$ref": f"#/definitions/{resource}", "definitions": _schema()["definitions"]}
    found = Draft4Validator(wrapped, format_checker=FormatChecker()).iter_errors(answer)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in found]


def assert_fits(resource: str, answer: object) -> None:
    """Fail when `answer` does not fit, or lacks a property that the schema has."""
    if isinstance(answer, dict):
        answer = {k: v for k, v in answer.items() if k not in _BEYOND.get(resource, ())}
    assert not errors(resource, answer)
    if isinstance(answer, dict):
        known = _schema()["definitions"][resource].get("properties", {})
        assert not set(known) - set(answer), "properties that are missing"
        assert not set(answer) - set(known), "properties that are not in the schema"
