"""Step 05: POST creates a product, and refuses what breaks a rule."""

import secrets

from atelier.checks import PRODUCTS, _, create, criterion, expect, expect_status, holds


def expect_not_stored(api, mark):
    stored = api.get(PRODUCTS).text
    expect(
        mark not in stored,
        _("Expected: a refused request stores nothing."),
        seen=stored[-300:],
        look=_("Is the body checked before anything is added to the session?"),
    )


@criterion(_("POST creates a product and answers 201"), file="wsgi.py")
def test_create(api):
    name = f"kettle {secrets.token_hex(4)}"
    product = create(api, name=name, description="For tea.")
    stored = api.get("{}/{}".format(PRODUCTS, product["id"])).json()
    expect(
        holds(stored, name=name, description="For tea."),
        _("Expected: what was created can be read again, description included."),
        seen=stored,
        look=_("Is the transaction committed?"),
    )


@criterion(_("A product that was created is in the list"), file="wsgi.py")
def test_created_is_listed(api):
    names = {create(api, name=f"cup {secrets.token_hex(4)}")["name"] for _number in range(2)}
    response = api.get(PRODUCTS)
    expect_status(response, 200, f"GET {PRODUCTS}", api)
    products = response.json()
    listed = products if isinstance(products, list) else []
    expect(
        names <= {product.get("name") for product in listed if isinstance(product, dict)},
        _("Expected: a JSON list that holds every product that was created."),
        seen=response.text[-500:],
        look=_("Is the transaction committed, and does the list read all rows?"),
    )


@criterion(_("POST refuses a name that is missing, blank or too long with 422"), file="schemas.py")
def test_create_refuses_bad_names(api):
    mark = secrets.token_hex(8)
    for name in ({}, {"name": ""}, {"name": "   "}, {"name": "x" * 121}, {"name": None}):
        response = api.request("POST", PRODUCTS, data={**name, "description": mark})
        expect(
            response.status == 422 and "name" in response.text,
            _("Expected: 422 with a message for the field name."),
            seen=f"{str(name)[:60]} -> {response.status} {response.text[:200]}",
            look=_("Which rule of the schema says that a name is required and not blank?"),
        )
    expect_not_stored(api, mark)
    longest = api.request("POST", PRODUCTS, data={"name": "x" * 120})
    expect_status(longest, 201, "POST, 120 characters", api)


@criterion(_("POST leaves the id to the database"), file="schemas.py")
def test_create_takes_no_id(api):
    mark = secrets.token_hex(8)
    response = api.request("POST", PRODUCTS, data={"name": mark, "id": 424242})
    expect(
        response.status in (201, 422) and api.get(f"{PRODUCTS}/424242").status == 404,
        _("Expected: an id in the body is refused with 422, or not used."),
        seen=f"{response.status} {response.text[:300]}",
        look=_("Which fields does the schema say only go out?"),
    )


@criterion(_("POST refuses a body that is not JSON"), file="wsgi.py")
def test_create_refuses_what_is_not_json(api):
    mark = secrets.token_hex(8)
    sent = {"text/plain": f"name={mark}", "application/json": f'{{"name": "{mark}"'}
    for content_type, body in sent.items():
        response = api.request("POST", PRODUCTS, body=body.encode(), content_type=content_type)
        expect(
            response.status in (400, 415),
            _("Expected: 415 or 400 for a body that is not JSON."),
            seen=f"{content_type} -> {response.status} {response.text[:200]}",
            look=_("How does the route read the body?"),
        )
    expect_not_stored(api, mark)


@criterion(_("The answer to a refused POST is JSON"), file="wsgi.py")
def test_refusal_is_json(api):
    response = api.request("POST", PRODUCTS, data={})
    expect(
        response.status == 422 and isinstance(response.json(), dict),
        _("Expected: the answer {what} is a JSON object.", what="422"),
        seen=f"{response.status} {response.content_type}: {response.text[:200]}",
        look=_("Is there an error handler for ValidationError?"),
    )
