"""The one account, and the lists that the `heroku` command asks for beside the others."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from atelier.heroku.api.common import platform, user
from atelier.heroku.releases import USER

blueprint = Blueprint("account", __name__)
_SINCE = "2026-01-01T00:00:00Z"


@blueprint.get("/account")
def account() -> Response:
    """Answer who is logged in."""
    return jsonify(
        allow_tracking=False,
        beta=False,
        created_at=_SINCE,
        email=USER,
        federated=False,
        id=platform().user_id,
        identity_provider=None,
        last_login=_SINCE,
        name="Learner",
        sms_number=None,
        suspended_at=None,
        delinquent_at=None,
        two_factor_authentication=False,
        updated_at=_SINCE,
        verified=True,
        country_of_residence=None,
        default_organization=None,
        default_team=None,
    )


@blueprint.get("/apps/<name>/collaborators")
def collaborators(name: str) -> Response:
    """Answer who may work on an app."""
    app = platform().app(name)
    return jsonify(
        [
            {
                "app": {"name": app.name, "id": app.id},
                "created_at": app.created_at,
                "id": app.id,
                "permissions": [],
                "role": "owner",
                "updated_at": app.created_at,
                "user": {**user(), "federated": False},
            }
        ]
    )


@blueprint.get("/apps/<name>/pipeline-couplings")
def pipeline_coupling(name: str) -> tuple[Response, int]:
    """Answer that an app is in no pipeline."""
    platform().app(name)
    return jsonify(id="not_found", message="Couldn't find that pipeline coupling."), 404


@blueprint.get("/apps/<name>/domains")
@blueprint.get("/apps/<name>/buildpack-installations")
@blueprint.get("/apps/<name>/features")
def nothing_of_an_app(name: str) -> Response:
    """Answer that there is none of these."""
    platform().app(name)
    return jsonify([])


@blueprint.get("/teams")
@blueprint.get("/spaces")
@blueprint.get("/pipelines")
def nothing() -> Response:
    """Answer that there is none of these."""
    return jsonify([])
