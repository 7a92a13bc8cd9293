"""Step 06: PATCH and DELETE, judged by requests to a running server."""

from atelier.checks import PRODUCTS, _, create, criterion, expect, expect_status, holds


def read(web, product_id):
    return web.get(f"{PRODUCTS}/{product_id}")


def place_of(product):
    return "{}/{}".format(PRODUCTS, product["id"])


@criterion(_("PATCH changes a product and answers 204"), file="wsgi.py")
def test_update(web):
    product = create(web, name="before", description="kept")
    place = place_of(product)
    response = web.request("PATCH", place, data={"name": "after"})
    expect_status(response, 204, f"PATCH {place}", web)
    stored = read(web, product["id"]).json()
    expect(
        holds(stored, name="after", description="kept"),
        _("Expected: the new name is stored, the description stays."),
        seen=stored,
        look=_("Is the transaction committed, and are only the given fields changed?"),
    )
    response = web.request("PATCH", place, data={"description": "new"})
    described = read(web, product["id"]).json()
    expect(
        response.status == 204 and holds(described, name="after", description="new"),
        _("Expected: a PATCH with a description alone changes it, and the name stays."),
        seen=f"{response.status} {response.text[:300] or described}",
        look=_("Does the schema let a PATCH leave out the name?"),
    )


@criterion(_("PATCH refuses what POST refuses, and changes nothing then"), file="wsgi.py")
def test_update_refuses(web):
    product = create(web, name="before", description="kept")
    place = place_of(product)
    response = web.request("PATCH", place, data={"description": "lost", "name": " "})
    expect_status(response, 422, f"PATCH {place}", web)
    text = web.request("PATCH", place, body=b"name=after", content_type="text/plain")
    expect(
        text.status in (400, 415),
        _("Expected: 415 or 400 for a body that is not JSON."),
        seen=f"{text.status} {text.text[:200]}",
        look=_("How does the route read the body?"),
    )
    kept = read(web, product["id"]).json()
    expect(
        holds(kept, name="before", description="kept"),
        _("Expected: a refused PATCH leaves the product as it was."),
        seen=kept,
        look=_("Is the body checked before the product is changed?"),
    )


@criterion(_("PATCH of a product that does not exist answers 404"), file="wsgi.py")
def test_update_missing(web):
    missing = web.request("PATCH", f"{PRODUCTS}/987654", data={"name": "x"})
    expect_status(missing, 404, f"PATCH {PRODUCTS}/987654", web)
    expect(
        isinstance(missing.json(), dict),
        _("Expected: the answer {what} is a JSON object.", what="404"),
        seen=f"{missing.content_type}: {missing.text[:200]}",
        look=_("Does the route find the product in the way that GET does?"),
    )


@criterion(_("DELETE removes a product and answers 204, then 404"), file="wsgi.py")
def test_delete(web):
    place = place_of(create(web, name="short-lived"))
    successor = create(web, name="its successor")  # SQLite gives the highest id again
    expect_status(web.request("DELETE", place), 204, f"DELETE {place}", web)
    expect_status(web.get(place), 404, f"GET {place}", web)
    expect_status(web.request("DELETE", place), 404, f"DELETE {place}", web)
    expect_status(web.get(place_of(successor)), 200, f"GET {place_of(successor)}", web)
