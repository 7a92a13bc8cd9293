"""Dynos."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from atelier.heroku.api.common import platform
from atelier.heroku.dynos import Dyno
from atelier.heroku.live_app import LiveApp
from atelier.heroku.refusals import not_found, not_offered
from atelier.heroku.releases import USER

blueprint = Blueprint("dynos", __name__)
SIZE = "Basic"


def present(live: LiveApp, dyno: Dyno) -> dict[str, Any]:
    """Return a dyno as the API shows it."""
    return {
        "attach_url": None,
        "command": dyno.order.command,
        "created_at": dyno.created_at,
        "id": dyno.id,
        "name": dyno.order.name,
        "release": {"id": dyno.order.release_id, "version": dyno.order.version},
        "app": {"name": live.name, "id": live.id},
        "size": SIZE,
        "state": dyno.state,
        "type": dyno.order.type,
        "updated_at": dyno.updated_at,
    }


@blueprint.get("/apps/<name>/dynos")
def everything(name: str) -> Response:
    """Answer the dynos of an app."""
    live = platform().live(name)
    return jsonify([present(live, dyno) for dyno in live.formation.dynos])


@blueprint.get("/apps/<name>/dynos/<which>")
def one(name: str, which: str) -> Response:
    """Answer one dyno."""
    live = platform().live(name)
    for dyno in live.formation.dynos:
        if which in (dyno.order.name, dyno.id):
            return jsonify(present(live, dyno))
    raise not_found("Couldn't find that dyno.")


@blueprint.post("/apps/<name>/dynos")
def run(name: str) -> Response:
    """Say that there are no one-off dynos here."""
    platform().live(name)
    raise not_offered("The local Heroku has no one-off dynos: heroku run is not offered here.")


@blueprint.delete("/apps/<name>/dynos")
def restart_all(name: str) -> tuple[Response, int]:
    """Restart all dynos."""
    return _restart(name, None)


@blueprint.delete("/apps/<name>/dynos/<which>")
@blueprint.delete("/apps/<name>/formations/<which>")
def restart(name: str, which: str) -> tuple[Response, int]:
    """Restart one dyno, or those of one type."""
    return _restart(name, which)


@blueprint.post("/apps/<name>/dynos/<which>/actions/stop")
@blueprint.post("/apps/<name>/formations/<which>/actions/stop")
def stop(name: str, which: str) -> tuple[Response, int]:
    """Restart what was stopped: on Heroku too, a stopped dyno comes back."""
    return _restart(name, which)


def _restart(name: str, which: str | None) -> tuple[Response, int]:
    live = platform().live(name)
    with live.lock:
        live.check()
        live.log.write("app", "api", f"Restarting {which or 'all dynos'} by user {USER}")
        count = live.formation.restart(
            lambda dyno: which in (None, dyno.order.name, dyno.order.type, dyno.id)
        )
    if which is not None and not count:
        raise not_found("Couldn't find that dyno.")
    return jsonify({}), 202
