"""Add-ons, their attachments, their plans."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from atelier.heroku.addons import PLANS, UnknownPlan, full_plan
from atelier.heroku.api.common import body, fixed_id, platform
from atelier.heroku.records import AddOn
from atelier.heroku.refusals import invalid, not_found, not_offered

blueprint = Blueprint("addons", __name__)
_SINCE = "2026-01-01T00:00:00Z"


def _service(plan: str) -> dict[str, str]:
    name = plan.partition(":")[0]
    return {"id": fixed_id(f"service {name}"), "name": name}


def present(addon: AddOn) -> dict[str, Any]:
    """Return an add-on as the API shows it."""
    app = platform().app(addon.app_id)
    return {
        "actions": [],
        "addon_service": _service(addon.plan),
        "billing_entity": {"id": app.id, "name": app.name, "type": "app"},
        "app": {"id": app.id, "name": app.name},
        "billed_price": {"cents": 0, "contract": False, "unit": "month"},
        "config_vars": [addon.config_var],
        "created_at": addon.created_at,
        "id": addon.id,
        "name": addon.name,
        "plan": {"id": fixed_id(f"plan {addon.plan}"), "name": addon.plan},
        "provider_id": addon.id,
        "provision_message": f"{addon.config_var} is set: the server runs on this machine.",
        "state": addon.state,
        "updated_at": addon.updated_at,
        "web_url": None,
    }


def present_attachment(addon: AddOn) -> dict[str, Any]:
    """Return the attachment of an add-on to its app as the API shows it."""
    app = platform().app(addon.app_id)
    identity = {"id": app.id, "name": app.name}
    return {
        "addon": {"id": addon.id, "name": addon.name, "app": identity},
        "app": identity,
        "created_at": addon.created_at,
        "id": addon.attachment_id,
        "name": addon.config_var.removesuffix("_URL"),
        "namespace": None,
        "updated_at": addon.updated_at,
        "web_url": None,
        "log_input_url": None,
    }


def _present_plan(plan: str) -> dict[str, Any]:
    return {
        "addon_service": _service(plan),
        "created_at": _SINCE,
        "compliance": [],
        "default": True,
        "description": "On this machine",
        "human_name": plan.partition(":")[2].title(),
        "id": fixed_id(f"plan {plan}"),
        "installable_inside_private_network": False,
        "installable_outside_private_network": True,
        "name": plan,
        "price": {"cents": 0, "contract": False, "unit": "month"},
        "space_default": False,
        "state": "ga",
        "updated_at": _SINCE,
        "visible": True,
    }


@blueprint.post("/apps/<name>/addons")
def create(name: str) -> tuple[Response, int]:
    """Make an add-on."""
    live = platform().live(name)
    content = body()
    plan = content.get("plan")
    plan = plan.get("name") if isinstance(plan, dict) else plan
    if not isinstance(plan, str):
        raise invalid("The plan must be named, for example heroku-redis:mini.")
    attachment = content.get("attachment")
    if content.get("name") or (isinstance(attachment, dict) and attachment.get("name")):
        raise not_offered("The local Heroku names add-ons itself: leave out --name and --as.")
    return jsonify(present(platform().addons.create(live, plan))), 201


@blueprint.get("/addons")
def everything() -> Response:
    """Answer the add-ons of all apps."""
    return jsonify([present(addon) for addon in platform().store.addons()])


@blueprint.get("/apps/<name>/addons")
def of_app(name: str) -> Response:
    """Answer the add-ons of an app."""
    return jsonify([present(a) for a in platform().store.addons(platform().app(name).id)])


@blueprint.get("/addons/<which>")
def one(which: str) -> Response:
    """Answer one add-on."""
    return jsonify(present(_find(which)))


@blueprint.get("/apps/<name>/addons/<which>")
def one_of_app(name: str, which: str) -> Response:
    """Answer one add-on of an app."""
    return jsonify(present(_find(which, platform().app(name).id)))


@blueprint.delete("/apps/<name>/addons/<which>")
def destroy(name: str, which: str) -> Response:
    """Destroy an add-on."""
    live = platform().live(name)
    with live.lock:
        addon = _find(which, live.id)
        shown = present(addon)
        platform().addons.destroy(live, addon)
    return jsonify({**shown, "state": "deprovisioned"})


@blueprint.patch("/apps/<name>/addons/<which>")
def change(name: str, which: str) -> Response:
    """Say that a plan cannot be changed here."""
    _find(which, platform().app(name).id)
    raise not_offered("The local Heroku does not change the plan of an add-on.")


@blueprint.get("/addon-attachments")
def attachments() -> Response:
    """Answer the attachments of all add-ons."""
    return jsonify([present_attachment(addon) for addon in platform().store.addons()])


@blueprint.get("/apps/<name>/addon-attachments")
def attachments_of_app(name: str) -> Response:
    """Answer the attachments of the add-ons of an app."""
    found = platform().store.addons(platform().app(name).id)
    return jsonify([present_attachment(addon) for addon in found])


@blueprint.get("/addons/<which>/addon-attachments")
def attachments_of_addon(which: str) -> Response:
    """Answer the attachments of one add-on."""
    return jsonify([present_attachment(_find(which))])


@blueprint.post("/actions/addons/resolve")
def resolve() -> Response:
    """Answer the add-ons that a name may mean."""
    content = body()
    app = content.get("app")
    app_id = platform().app(str(app)).id if app else None
    return jsonify([present(_find(str(content.get("addon")), app_id))])


@blueprint.post("/actions/addon-attachments/resolve")
def resolve_attachment() -> Response:
    """Answer the attachments that a name may mean."""
    content = body()
    app = content.get("app")
    app_id = platform().app(str(app)).id if app else None
    return jsonify([present_attachment(_find(str(content.get("addon_attachment")), app_id))])


@blueprint.get("/addon-services/<service>/plans")
def plans(service: str) -> Response:
    """Answer the plans of a service."""
    found = [_present_plan(plan) for plan in PLANS if plan.partition(":")[0] == service]
    if not found:
        raise not_found("Couldn't find that add-on service.")
    return jsonify(found)


@blueprint.get("/plans/<plan>")
def plan(plan: str) -> Response:
    """Answer one plan."""
    try:
        return jsonify(_present_plan(full_plan(plan)))
    except UnknownPlan as error:
        raise not_found(str(error)) from error


def _find(which: str, app_id: str | None = None) -> AddOn:
    """Return the add-on that `which` means: a name, an id, an attachment, a service, a plan."""
    candidates = platform().store.addons(app_id)
    for addon in candidates:
        names = (addon.name, addon.id, addon.attachment_id)
        if which in names:
            return addon
    for addon in candidates:
        if app_id and which in (
            addon.config_var,
            addon.config_var.removesuffix("_URL"),
            addon.plan,
            addon.plan.partition(":")[0],
        ):
            return addon
    raise not_found("Couldn't find that add-on.")
