"""Apps."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from atelier.heroku.api.common import body, fixed_id, platform, text_of, user
from atelier.heroku.records import App
from atelier.heroku.refusals import not_offered

blueprint = Blueprint("apps", __name__)


def present(app: App) -> dict[str, Any]:
    """Return an app as the API shows it."""
    current = platform().releases.current(app)
    slug = platform().store.slug(current.slug_id) if current else None
    stack = {"id": fixed_id("stack heroku-24"), "name": "heroku-24"}
    return {
        "acm": False,
        "archived_at": None,
        "buildpack_provided_description": "Python" if slug else None,
        "build_stack": stack,
        "create_status": "complete",  # not in the schema: `heroku apps:info` looks for it
        "created_at": app.created_at,
        "generation": {"id": fixed_id("generation cedar"), "name": "cedar"},
        "git_url": f"https://localhost:{platform().port}/{app.name}.git",
        "id": app.id,
        "internal_routing": None,
        "maintenance": False,
        "name": app.name,
        "owner": user(),
        "organization": None,
        "team": None,
        "region": {"id": fixed_id("region local"), "name": "local"},
        "released_at": app.released_at,
        "repo_size": None,
        "slug_size": slug.size if slug else None,
        "space": None,
        "stack": stack,
        "updated_at": app.updated_at,
        "web_url": platform().web_url(app.name),
    }


@blueprint.post("/apps")
def create() -> tuple[Response, int]:
    """Make an app."""
    return jsonify(present(platform().create_app(text_of(body(), "name")))), 201


@blueprint.get("/apps")
@blueprint.get("/users/~/apps")
def everything() -> Response:
    """Answer all apps."""
    return jsonify([present(app) for app in platform().store.apps()])


@blueprint.get("/apps/<name>")
def one(name: str) -> Response:
    """Answer one app."""
    return jsonify(present(platform().app(name)))


@blueprint.patch("/apps/<name>")
def change(name: str) -> Response:
    """Say that an app cannot be renamed here."""
    platform().app(name)
    raise not_offered("The local Heroku does not change an app; destroy it and make another one.")


@blueprint.delete("/apps/<name>")
def destroy(name: str) -> Response:
    """Destroy an app."""
    shown = present(platform().app(name))
    platform().destroy_app(name)
    return jsonify(shown)
