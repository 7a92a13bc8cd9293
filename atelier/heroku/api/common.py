"""What the resources share: the platform, the body of a request, identities."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import current_app, request

from atelier.heroku.platform import Platform
from atelier.heroku.refusals import Refusal
from atelier.heroku.releases import USER

_SPACE = uuid.UUID("8a1c2d8e-62f7-4f0c-9d0e-3c2f9a5be001")


def platform() -> Platform:
    """Return the platform that this request is for."""
    found: Platform = current_app.extensions["platform"]
    return found


def body() -> Mapping[str, Any]:
    """Return the JSON object that was sent. Raises Refusal."""
    content = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(content, dict):
        raise Refusal(400, "bad_request", "The body of the request must be a JSON object.")
    return content


def text_of(content: Mapping[str, Any], name: str) -> str | None:
    """Return a field that must be a string where it is there. Raises Refusal."""
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(422, "invalid_params", f"{name} must be a string.")
    return value


def fixed_id(name: str) -> str:
    """Return the id of what exists once, such as a plan: the same on every machine."""
    return str(uuid.uuid5(_SPACE, name))


def user() -> dict[str, str]:
    """Return the identity of the one user."""
    return {"email": USER, "id": platform().user_id}
