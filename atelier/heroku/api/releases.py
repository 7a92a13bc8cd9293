"""Releases, and the slugs in them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from atelier.heroku.api.common import body, fixed_id, platform, text_of, user
from atelier.heroku.records import App, Release
from atelier.heroku.refusals import invalid, not_found

blueprint = Blueprint("releases", __name__)


def present(app: App, release: Release) -> dict[str, Any]:
    """Return a release as the API shows it."""
    return {
        "addon_plan_names": [addon.plan for addon in platform().store.addons(app.id)],
        "artifacts": [],
        "app": {"name": app.name, "id": app.id},
        "created_at": release.created_at,
        "description": release.description,
        "id": release.id,
        "updated_at": release.updated_at,
        "slug": {"id": release.slug_id} if release.slug_id else None,
        "status": release.status,
        "user": user(),
        "version": release.version,
        "current": release.version == app.current,
        "output_stream_url": None,
        "eligible_for_rollback": release.slug_id is not None and release.status == "succeeded",
    }


@blueprint.get("/apps/<name>/releases")
def everything(name: str) -> Response:
    """Answer the releases of an app, in the order and number that the Range header asks for."""
    app = platform().app(name)
    found = platform().store.releases(app.id)
    asked = request.headers.get("Range", "")
    if "order=desc" in asked:
        found.reverse()
    most = asked.partition("max=")[2].partition(",")[0].strip(" ;")
    if most.isdecimal() and len(most) < 7:
        found = found[: int(most)]
    return jsonify([present(app, release) for release in found])


@blueprint.get("/apps/<name>/releases/<release>")
def one(name: str, release: str) -> Response:
    """Answer one release."""
    app = platform().app(name)
    found = platform().store.release(app.id, release)
    if found is None:
        raise not_found("Couldn't find that release.")
    return jsonify(present(app, found))


@blueprint.post("/apps/<name>/releases")
def roll_back(name: str) -> tuple[Response, int]:
    """Roll back to a release."""
    earlier = text_of(body(), "release")
    if earlier is None:
        raise invalid("The local Heroku makes a release from a push, or from an earlier release.")
    live = platform().live(name)
    made = platform().releases.roll_back(live, earlier)
    return jsonify(present(platform().app(name), made)), 201


@blueprint.get("/apps/<name>/slugs/<slug_id>")
def slug(name: str, slug_id: str) -> Response:
    """Answer one slug."""
    app = platform().app(name)
    found = platform().store.slug(slug_id)
    if found is None or found.app_id != app.id:
        raise not_found("Couldn't find that slug.")
    return jsonify(
        blob={"method": "GET", "url": f"{platform().url}/slugs/{found.id}"},
        buildpack_provided_description="Python",
        checksum=None,
        commit=found.commit_id,
        commit_description=None,
        created_at=found.created_at,
        deleted_at=None,
        id=found.id,
        process_types=dict(found.process_types),
        size=found.size,
        stack={"id": fixed_id("stack heroku-24"), "name": "heroku-24"},
        updated_at=found.created_at,
    )
