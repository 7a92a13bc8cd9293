"""Step 02: products as JSON, and the learner's own first test."""

from atelier.checks import (
    PRODUCTS,
    _,
    criterion,
    expect,
    expect_packages,
    expect_status,
    holds,
    run_own_tests,
)


def listed(api):
    """The products in the list. Raises NotYet when the answer is not a list with products."""
    response = api.get(PRODUCTS)
    expect_status(response, 200, f"GET {PRODUCTS}", api)
    products = response.json()
    expect(
        isinstance(products, list) and products,
        _("Expected: a JSON list that holds the products."),
        seen=response.text[:500],
        look=_("Which value does the route turn into JSON?"),
    )
    return products


@criterion(_("GET /api/v1/products gives the list of products"), file="wsgi.py")
def test_list(api):
    for product in listed(api):
        expect(
            holds(product)
            and type(product.get("id")) is int
            and isinstance(product.get("name"), str)
            and product["name"].strip(),
            _("Expected: each product has an id, a number, and a name, a text."),
            seen=product,
            look=_("Are there quotes around the id, or a key that is spelt otherwise?"),
        )


@criterion(_("GET /api/v1/products/<id> gives one product, or 404"), file="wsgi.py")
def test_read_one(api):
    for product in listed(api)[:2]:
        expect(holds(product) and "id" in product, _("Expected: each product has an id."))
        place = "{}/{}".format(PRODUCTS, product["id"])
        response = api.get(place)
        expect_status(response, 200, f"GET {place}", api)
        expect(
            holds(response.json(), id=product["id"], name=product.get("name")),
            _("Expected: the product with this id, and its name."),
            seen=response.text[:300],
            look=_("Which product does the route read?"),
        )
    missing = api.get(f"{PRODUCTS}/987654")
    expect(
        missing.status == 404,
        _("Expected: a product that does not exist answers 404."),
        seen=f"{missing.status} {missing.text[:200]}",
        look=_("What happens in the route when there is no such product?"),
    )


@criterion(_("Errors are JSON"), file="wsgi.py")
def test_errors_are_json(api):
    answers = {
        "404": api.get(f"{PRODUCTS}/987654"),
        "404 (no such route)": api.get("/nowhere"),
    }
    for what, response in answers.items():
        expect(
            isinstance(response.json(), dict),
            _("Expected: the answer {what} is a JSON object.", what=what),
            seen=f"{response.content_type}: {response.text[:200]}",
            look=_("Is there an error handler for HTTP errors?"),
        )


@criterion(_("pytest is installed, and the Pipfile names it for development"), file="Pipfile")
def test_pytest_is_installed(project):
    expect_packages(project, {"pytest": "pytest"}, section="dev-packages")


def own_tests(worlds):
    return run_own_tests(worlds.shared())


def expect_tests(run):
    expect(
        not run.none,
        _("Expected: pytest finds at least one test."),
        seen=_("It finds none."),
        look=_("Do the names of the file and of the function begin with test_?"),
    )


@criterion(_("Your own tests pass"), file="test_products.py")
def test_own_tests_pass(project, worlds):
    expect_packages(project, {"pytest": "pytest"}, section="dev-packages")
    run = worlds.once(own_tests)
    expect_tests(run)
    expect(
        run.passed,
        _("Expected: pytest runs your tests and all of them pass."),
        seen=run.told,
        look=_("What does the line that begins with E say?"),
    )


@criterion(_("Your own tests notice an API that is broken"), file="test_products.py")
def test_own_tests_notice(project, worlds):
    expect_packages(project, {"pytest": "pytest"}, section="dev-packages")
    expect_tests(worlds.once(own_tests))
    run = run_own_tests(worlds.shared(), broken=True)
    expect(
        not run.passed,
        _("Expected: a test does not pass while the API answers every request with 500."),
        seen=run.told,
        look=_("Does the test assert something about the response?"),
    )
