"""The Platform API: a module for each resource."""

from __future__ import annotations

import base64
import binascii
import hmac

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from atelier.heroku import git_server
from atelier.heroku.api import (
    account,
    addons,
    apps,
    config_vars,
    dynos,
    formation,
    log_sessions,
    releases,
)
from atelier.heroku.build import Builder
from atelier.heroku.platform import Platform
from atelier.heroku.pushes import Pushes
from atelier.heroku.refusals import Refusal, not_found
from atelier.heroku.store import Gone

_LARGEST_BODY = 1024 * 1024  # bytes, of what is not a push


def make_api(platform: Platform, builder: Builder | None = None) -> Flask:
    """Return the API of `platform` as a Flask program; `builder`, where given, does its builds."""
    api = Flask("atelier.heroku", static_folder=None)
    api.json.sort_keys = False  # type: ignore[attr-defined]
    api.extensions["platform"] = platform
    api.extensions["pushes"] = Pushes(platform, builder)
    for module in (account, addons, apps, config_vars, dynos, formation, log_sessions, releases):
        api.register_blueprint(module.blueprint)
    api.register_blueprint(git_server.blueprint)

    @api.before_request
    def check_key() -> Response | None:
        if request.path.startswith("/log-streams/"):
            return None  # its address is the secret, as on Heroku
        if request.endpoint != "git.serve":
            request.max_content_length = _LARGEST_BODY
        if hmac.compare_digest(_key_of_request().encode(), platform.key.encode()):
            return None
        refused = _error(Refusal(401, "unauthorized", "Invalid credentials provided."))
        if ".git/" in request.path:
            refused.headers["WWW-Authenticate"] = 'Basic realm="Heroku"'
        return refused

    @api.errorhandler(Refusal)
    def refusal(error: Refusal) -> Response:
        return _error(error)

    @api.errorhandler(Gone)
    def gone(_error_: Gone) -> Response:
        return _error(not_found("Couldn't find that app."))

    @api.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status in (404, 405):
            text = f"The local Heroku does not offer this: {request.method} {request.path}"
            return _error(Refusal(404, "not_found", text))
        name = error.name.lower().replace(" ", "_")
        return _error(Refusal(status, name, error.description or error.name))

    @api.errorhandler(Exception)
    def internal_error(error: Exception) -> Response:
        api.logger.error("%s %s", request.method, request.path, exc_info=error)
        text = "The local Heroku made a mistake: its terminal says which."
        return _error(Refusal(500, "internal_server_error", text))

    @api.after_request
    def name_request(response: Response) -> Response:
        response.headers.setdefault("Request-Id", request.headers.get("Request-Id", "local"))
        return response

    return api


def _key_of_request() -> str:
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _error(refusal: Refusal) -> Response:
    response = jsonify(id=refusal.name, message=refusal.message)
    response.status_code = refusal.status
    return response
