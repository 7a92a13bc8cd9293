"""What the criteria of several steps expect in the same words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from atelier.checks.criterion import expect
from atelier.harness.source import Source
from atelier.harness.web import PRODUCTS, Response, Web
from atelier.i18n import _

_BEGUN = frozenset({"STARTED", "SUCCESS", "FAILURE", "RETRY", "REVOKED"})


def expect_status(response: Response, wanted: int, what: str, web: Web | None = None) -> None:
    """Expect the status `wanted` of the request `what`; `web` tells what went wrong in it."""
    told = web.last_traceback() if web is not None and response.status == 500 else None
    expect(
        response.status == wanted,
        _("Expected: {what} answers {wanted}.", what=what, wanted=wanted),
        seen=f"{response.status} {told or response.text[:300]}",
        look=_("Which status code does the route return in this case?"),
    )


def holds(product: Any, **fields: Any) -> bool:
    """Whether `product`, read from JSON, is an object with these fields."""
    return isinstance(product, dict) and fields.items() <= product.items()


def is_waiting(state: Any) -> bool:
    """Whether this is a word for a task that no worker has begun; Celery's own is PENDING."""
    return isinstance(state, str) and state != "" and state not in _BEGUN


def create(web: Web, **fields: Any) -> dict[str, Any]:
    """Create a product by POST and return it. Raises NotYet."""
    response = web.request("POST", PRODUCTS, data=fields)
    expect(
        response.status == 201,
        _("Expected: POST answers 201 and creates a product."),
        seen=f"{response.status} {web.last_traceback() or response.text[:300]}",
        look=_("What does the route return after the commit?"),
    )
    product = response.json()
    expect(
        holds(product, name=fields["name"]) and product.get("id") is not None,
        _("Expected: the answer holds the new product with its id."),
        seen=response.text[:300],
        look=_("What does the route return?"),
    )
    created: dict[str, Any] = product
    return created


def expect_packages(
    project: Source, modules: Mapping[str, str], *, section: str = "packages"
) -> None:
    """Expect packages, each with the module that it brings, named and installed."""
    dev = "--dev " if section == "dev-packages" else ""
    command = f"pipenv install {dev}{' '.join(modules)}"
    look = _("In the project's folder, have you run: {command}?", command=command)
    named = {_normal(name) for name in project.pipfile().get(section, {})}
    unnamed = [name for name in modules if name not in named]
    expect(
        not unnamed,
        _(
            "Expected: {names} under [{section}] in the Pipfile.",
            names=", ".join(modules),
            section=section,
        ),
        seen=_("Not there: {names}", names=", ".join(unnamed)),
        look=look,
    )
    interpreter = project.interpreter
    missing = [name for name, module in modules.items() if not interpreter.has(module)]
    expect(
        not missing,
        _("Expected: {names} in the project's environment.", names=", ".join(modules)),
        seen=_("Not there: {names}", names=", ".join(missing)),
        look=look,
    )


def _normal(name: str) -> str:
    """The name of a package as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
