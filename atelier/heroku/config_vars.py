"""The config vars of an app: checked, changed, released."""

from __future__ import annotations

import re
from collections.abc import Mapping

from atelier.heroku.live_app import LiveApp
from atelier.heroku.records import Release
from atelier.heroku.refusals import invalid
from atelier.heroku.releases import USER, Releases
from atelier.heroku.store import Store

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST = 64 * 1024  # bytes, all of an app's config vars together


def change(
    store: Store, releases: Releases, live: LiveApp, changes: Mapping[str, object]
) -> dict[str, str]:
    """Set these config vars, unset those that are None, make a release; return them all.

    Raises Refusal.
    """
    checked = {name: _checked(name, value) for name, value in changes.items()}
    with live.lock:
        live.check()
        before = store.config(live.id)
        config = {name: value for name, value in before.items() if name not in checked}
        config |= {name: value for name, value in checked.items() if value is not None}
        _check_size(config)
        _check_addons(store, live, before, config)
        if config == before:
            return config
        release = release_config(store, releases, live, config, _description(checked))
    live.log.write("app", "api", f"{_description(checked)} by user {USER}")
    releases.make_live_soon(live, release)
    return config


def release_config(
    store: Store,
    releases: Releases,
    live: LiveApp,
    config: Mapping[str, str],
    description: str,
) -> Release:
    """Replace the config vars of an app and make the release that has them."""
    app = store.app(live.id)
    current = releases.current(app) if app else None
    with store.transaction():
        store.set_config(live.id, config)
        return releases.make(live, description, current.slug_id if current else None)


def _checked(name: str, value: object) -> str | None:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Invalid config var name {name[:80]!r}: letters, digits and _ only, "
            "and no digit at its start."
        )
    if value is None:
        return None
    if not isinstance(value, str):
        value = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(value, str | int | float):
        raise invalid(f"The value of {name} must be a string.")
    text = str(value)
    if "\0" in text:
        raise invalid(f"The value of {name} holds a NUL character: no environment can hold it.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"The value of {name} is not Unicode text.") from error
    return text


def _check_size(config: Mapping[str, str]) -> None:
    size = sum(len(f"{name}{value}".encode("utf-8", "replace")) for name, value in config.items())
    if size > _LARGEST:
        raise invalid(f"The config vars of an app may take 64 kB; these would take {size} bytes.")


def _check_addons(
    store: Store, live: LiveApp, before: Mapping[str, str], config: Mapping[str, str]
) -> None:
    for addon in store.addons(live.id):
        name = addon.config_var
        if name in before and config.get(name) != before[name]:
            raise invalid(f"Cannot overwrite attachment values {name}.")


def _description(changes: Mapping[str, str | None]) -> str:
    parts = []
    for verb, names in (
        ("Set", [name for name, value in changes.items() if value is not None]),
        ("Unset", [name for name, value in changes.items() if value is None]),
    ):
        if names:
            parts.append(f"{verb} {', '.join(names)} config vars")
    return "; ".join(parts)[:200]
