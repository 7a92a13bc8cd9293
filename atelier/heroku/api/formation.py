"""The formation: how many dynos of each type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from atelier.heroku.api.common import body, fixed_id, platform
from atelier.heroku.api.dynos import SIZE
from atelier.heroku.records import App, ProcessType, Slug
from atelier.heroku.refusals import invalid, not_found
from atelier.heroku.releases import USER, scalable

blueprint = Blueprint("formation", __name__)
_MOST = 10  # dynos of one type, as on Heroku for this size


@blueprint.get("/apps/<name>/formation")
def everything(name: str) -> Response:
    """Answer the formation of an app."""
    return jsonify(_present_all(platform().app(name)))


@blueprint.get("/apps/<name>/formation/<kind>")
def one(name: str, kind: str) -> Response:
    """Answer one type of the formation of an app."""
    for shown in _present_all(platform().app(name)):
        if kind in (shown["type"], shown["id"]):
            return jsonify(shown)
    raise _unknown(kind)


@blueprint.patch("/apps/<name>/formation")
def change(name: str) -> Response:
    """Scale several types."""
    updates = body().get("updates")
    if not isinstance(updates, list) or not all(isinstance(item, dict) for item in updates):
        raise invalid("updates must be a list of objects.")
    _scale(name, updates)
    types = {update.get("type") for update in updates}
    return jsonify([s for s in _present_all(platform().app(name)) if s["type"] in types])


@blueprint.patch("/apps/<name>/formation/<kind>")
def change_one(name: str, kind: str) -> Response:
    """Scale one type."""
    _scale(name, [{**body(), "type": kind}])
    return one(name, kind)


def _scale(name: str, updates: list[Mapping[str, Any]]) -> None:
    here = platform()
    live = here.live(name)
    with live.lock:
        live.check()
        slug = _slug(here.app(name))
        known = scalable(slug) if slug else []
        for update in updates:
            if update.get("type") not in known:
                raise _unknown(str(update.get("type")))
        quantities = {
            str(update["type"]): _quantity(update["quantity"])
            for update in updates
            if update.get("quantity") is not None
        }
        here.store.scale(live.id, quantities)
        said = " ".join(f"{kind}@{number}:{SIZE}" for kind, number in quantities.items())
        if said:
            live.log.write("app", "api", f"Scaled to {said} by user {USER}")
        here.releases.apply(live)


def _quantity(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        raise invalid(f"Invalid quantity {text[:40]!r}: expected a number from 0 to {_MOST}.")
    if len(text) > 6 or int(text) > _MOST:
        raise invalid(f"Cannot update to more than {_MOST} dynos of one process type.")
    return int(text)


def _slug(app: App) -> Slug | None:
    release = platform().releases.current(app)
    return platform().store.slug(release.slug_id) if release else None


def _present_all(app: App) -> list[dict[str, Any]]:
    slug = _slug(app)
    if slug is None:
        return []
    wanted = {each.type: each for each in platform().store.process_types(app.id)}
    return [_present(app, slug, kind, wanted.get(kind)) for kind in sorted(scalable(slug))]


def _present(app: App, slug: Slug, kind: str, wanted: ProcessType | None) -> dict[str, Any]:
    return {
        "app": {"name": app.name, "id": app.id},
        "command": slug.process_types[kind],
        "created_at": wanted.created_at if wanted else slug.created_at,
        "dyno_size": {"id": fixed_id(f"size {SIZE}"), "name": SIZE},
        "id": wanted.id if wanted else fixed_id(f"{app.id} {kind}"),
        "quantity": wanted.quantity if wanted else 0,
        "size": SIZE,
        "type": kind,
        "updated_at": wanted.updated_at if wanted else slug.created_at,
    }


def _unknown(kind: str) -> Exception:
    return not_found(f"Couldn't find that process type ({kind[:80]}).")
