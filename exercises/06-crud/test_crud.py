"""Step 06: the product API, judged by requests to a running server."""

import secrets

from atelier.checks import PRODUCTS, _, criterion, expect


def names_in(response):
    """The names of the products in a JSON list, None when the answer is no list."""
    products = response.json()
    if not isinstance(products, list):
        return None
    return {product.get("name") for product in products if isinstance(product, dict)}


def holds(product, **fields):
    return isinstance(product, dict) and fields.items() <= product.items()


def create(web, **fields):
    response = web.request("POST", PRODUCTS, data=fields)
    expect(
        response.status == 201,
        _("Expected: POST answers 201 and creates a product."),
        seen=f"{response.status} {response.text[:300]}",
        look=_("What does the route return after the commit?"),
    )
    product = response.json()
    expect(
        holds(product, name=fields["name"]) and "id" in product,
        _("Expected: the answer holds the new product with its id."),
        seen=response.text[:300],
        look=_("What does the route return?"),
    )
    return product


def read(web, product_id):
    return web.get(f"{PRODUCTS}/{product_id}")


def expect_status(response, wanted, what):
    expect(
        response.status == wanted,
        _("Expected: {what} answers {wanted}.", what=what, wanted=wanted),
        seen=f"{response.status} {response.text[:300]}",
        look=_("Which status code does the route return in this case?"),
    )


def expect_not_stored(web, mark):
    stored = web.get(PRODUCTS).text
    expect(
        mark not in stored,
        _("Expected: a refused request stores nothing."),
        seen=stored[-300:],
        look=_("Is the body checked before anything is added to the session?"),
    )


@criterion(_("GET / greets"), file="wsgi.py")
def test_greets(web):
    expect_status(web.get("/"), 200, "GET /")


@criterion(_("GET /api/v1/products gives the list of products"), file="wsgi.py")
def test_list(web):
    response = web.get(PRODUCTS)
    expect_status(response, 200, f"GET {PRODUCTS}")
    names = names_in(response)
    expect(
        names is not None and {product["name"] for product in web.products} <= names,
        _("Expected: a JSON list that holds every product that was created."),
        seen=response.text[:500],
        look=_("Does the query read all rows, and does the schema have many=True?"),
    )


@criterion(_("GET /api/v1/products/<id> gives one product, or 404"), file="wsgi.py")
def test_read_one(web):
    product = web.products[1]
    response = read(web, product["id"])
    expect_status(response, 200, "GET {}/{}".format(PRODUCTS, product["id"]))
    expect(
        holds(response.json(), name=product["name"]),
        _("Expected: the product with this id, and its name."),
        seen=response.text[:300],
        look=_("Which row does the route read?"),
    )
    missing = read(web, 987654)
    expect(
        missing.status == 404,
        _("Expected: a product that does not exist answers 404."),
        seen=f"{missing.status} {missing.text[:200]}",
        look=_("What happens in the route when the database has no such row?"),
    )


@criterion(_("POST creates a product and answers 201"), file="wsgi.py")
def test_create(web):
    name = f"kettle {secrets.token_hex(4)}"
    product = create(web, name=name, description="For tea.")
    stored = read(web, product["id"]).json()
    expect(
        holds(stored, name=name, description="For tea."),
        _("Expected: what was created can be read again, description included."),
        seen=stored,
        look=_("Is the transaction committed?"),
    )


@criterion(_("POST refuses a name that is missing, blank or too long with 422"), file="schemas.py")
def test_create_refuses_bad_names(web):
    mark = secrets.token_hex(8)
    for name in ({}, {"name": ""}, {"name": "   "}, {"name": "x" * 121}, {"name": None}):
        response = web.request("POST", PRODUCTS, data={**name, "description": mark})
        expect(
            response.status == 422 and "name" in response.text,
            _("Expected: 422 with a message for the field name."),
            seen=f"{str(name)[:60]} -> {response.status} {response.text[:200]}",
            look=_("Which rule of the schema says that a name is required and not blank?"),
        )
    expect_not_stored(web, mark)
    longest = web.request("POST", PRODUCTS, data={"name": "x" * 120})
    expect_status(longest, 201, "POST, 120 characters")


@criterion(_("POST refuses a body that is not JSON"), file="wsgi.py")
def test_create_refuses_what_is_not_json(web):
    mark = secrets.token_hex(8)
    sent = {"text/plain": f"name={mark}", "application/json": f'{{"name": "{mark}"'}
    for content_type, body in sent.items():
        response = web.request("POST", PRODUCTS, body=body.encode(), content_type=content_type)
        expect(
            response.status in (400, 415),
            _("Expected: 415 or 400 for a body that is not JSON."),
            seen=f"{content_type} -> {response.status} {response.text[:200]}",
            look=_("How does the route read the body?"),
        )
    expect_not_stored(web, mark)


@criterion(_("PATCH changes a product and answers 204"), file="wsgi.py")
def test_update(web):
    product = create(web, name="before", description="kept")
    place = "{}/{}".format(PRODUCTS, product["id"])
    expect_status(web.request("PATCH", place, data={"name": "after"}), 204, f"PATCH {place}")
    stored = read(web, product["id"]).json()
    expect(
        holds(stored, name="after", description="kept"),
        _("Expected: the new name is stored, the description stays."),
        seen=stored,
        look=_("Is the transaction committed, and are only the given fields changed?"),
    )
    expect_status(web.request("PATCH", place, data={"name": " "}), 422, f"PATCH {place}")
    kept = read(web, product["id"]).json()
    expect(
        kept == stored,
        _("Expected: a refused PATCH leaves the product as it was."),
        seen=kept,
        look=_("Is the body checked before the product is changed?"),
    )
    response = web.request("PATCH", place, data={"description": "new"})
    described = read(web, product["id"]).json()
    expect(
        response.status == 204 and holds(described, name="after", description="new"),
        _("Expected: a PATCH with a description alone changes it, and the name stays."),
        seen=f"{response.status} {response.text[:300] or described}",
        look=_("Does the schema let a PATCH leave out the name?"),
    )
    missing = web.request("PATCH", f"{PRODUCTS}/987654", data={"name": "x"})
    expect_status(missing, 404, f"PATCH {PRODUCTS}/987654")


@criterion(_("DELETE removes a product and answers 204, then 404"), file="wsgi.py")
def test_delete(web):
    place = "{}/{}".format(PRODUCTS, create(web, name="short-lived")["id"])
    create(web, name="its successor")  # SQLite gives the highest id again when its row is gone
    expect_status(web.request("DELETE", place), 204, f"DELETE {place}")
    expect_status(web.get(place), 404, f"GET {place}")
    expect_status(web.request("DELETE", place), 404, f"DELETE {place}")


@criterion(_("Errors are JSON"), file="wsgi.py")
def test_errors_are_json(web):
    answers = {
        "404": web.get(f"{PRODUCTS}/987654"),
        "422": web.request("POST", PRODUCTS, data={}),
        "404 (no such route)": web.get("/nowhere"),
    }
    for what, response in answers.items():
        expect(
            isinstance(response.json(), dict),
            _("Expected: the answer {what} is a JSON object.", what=what),
            seen=f"{response.content_type}: {response.text[:200]}",
            look=_("Is there an error handler for HTTP errors?"),
        )
