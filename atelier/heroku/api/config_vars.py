"""Config vars."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from atelier.heroku import config_vars
from atelier.heroku.api.common import body, platform
from atelier.heroku.refusals import not_found

blueprint = Blueprint("config_vars", __name__)


@blueprint.get("/apps/<name>/config-vars")
def everything(name: str) -> Response:
    """Answer the config vars of an app."""
    return jsonify(platform().store.config(platform().app(name).id))


@blueprint.patch("/apps/<name>/config-vars")
def change(name: str) -> Response:
    """Set config vars, and unset those that are null."""
    here = platform()
    return jsonify(config_vars.change(here.store, here.releases, here.live(name), body()))


@blueprint.get("/apps/<name>/releases/<release>/config-vars")
def of_release(name: str, release: str) -> Response:
    """Answer the config vars of a release."""
    found = platform().store.release(platform().app(name).id, release)
    if found is None:
        raise not_found("Couldn't find that release.")
    return jsonify(dict(found.config))
