"""Step 04: the API gives the rows of the database, through schemas."""

from atelier.checks import (
    FIND_PRODUCTS,
    PRODUCTS,
    _,
    criterion,
    expect,
    expect_packages,
    expect_status,
    holds,
    insert_products,
    run_own_tests,
)

COLUMNS = (
    FIND_PRODUCTS
    + """
import sqlalchemy
table = products()
with app.app_context():
    there = sqlalchemy.inspect(database.engine).get_columns(table.name) if table is not None else ()
tell([column["name"] for column in there])
"""
)

ROWS = (
    FIND_PRODUCTS
    + """
import sqlalchemy
with app.app_context(), database.engine.connect() as connection:
    tell(sorted(connection.scalars(sqlalchemy.select(products().c.name))))
"""
)


@criterion(
    _("flask-marshmallow and marshmallow-sqlalchemy are installed, and the Pipfile names them"),
    file="Pipfile",
)
def test_packages_are_installed(project):
    expect_packages(
        project,
        {
            "flask-marshmallow": "flask_marshmallow",
            "marshmallow-sqlalchemy": "marshmallow_sqlalchemy",
        },
    )


@criterion(_("A migration adds the description of a product"), file="models.py")
def test_migration_adds_the_description(worlds):
    world = worlds.shared()
    world.migrate()
    names = world.python(COLUMNS)
    expect(
        "description" in names,
        _("Expected: after flask db upgrade, the table of the products has a description."),
        seen=_("Its columns: {names}", names=", ".join(names) or "–"),
        look=_("Have you run flask db migrate after the change of models.py?"),
    )


@criterion(_("GET /api/v1/products gives the rows of the database"), file="wsgi.py")
def test_list_reads_the_database(api):
    response = api.get(PRODUCTS)
    expect_status(response, 200, f"GET {PRODUCTS}", api)
    products = response.json()
    expect(
        isinstance(products, list) and api.products,
        _("Expected: a JSON list of the products in the database."),
        seen=response.text[:500],
        look=_("Does the query read all rows, and does the schema have many=True?"),
    )
    for row in api.products:
        expect(
            any(holds(product, id=row["id"], name=row["name"]) for product in products),
            _("Expected: the list holds a row that was put into the database."),
            seen=_("{name} is not in {list}", name=row["name"], list=response.text[:300]),
            look=_("Does the route read the dictionary, or the database?"),
        )
    expect(
        len(products) == len(api.products),
        _("Expected: the list holds the rows of the database, and nothing else."),
        seen=response.text[:500],
        look=_("Where do the other products come from?"),
    )


@criterion(_("GET /api/v1/products/<id> reads one row, or answers 404"), file="wsgi.py")
def test_one_reads_the_database(api):
    expect(
        api.products,
        _("Expected: rows can be put into the table of the products."),
        look=_("Does flask db upgrade make the table?"),
    )
    row = api.products[1]
    place = "{}/{}".format(PRODUCTS, row["id"])
    response = api.get(place)
    expect_status(response, 200, f"GET {place}", api)
    expect(
        holds(response.json(), id=row["id"], name=row["name"]),
        _("Expected: the product with this id, and its name."),
        seen=response.text[:300],
        look=_("Which row does the route read?"),
    )
    missing = api.get(f"{PRODUCTS}/987654")
    expect(
        missing.status == 404,
        _("Expected: a product that does not exist answers 404."),
        seen=f"{missing.status} {missing.text[:200]}",
        look=_("What happens in the route when the database has no such row?"),
    )


@criterion(_("The JSON of a product has its description"), file="schemas.py")
def test_json_has_the_description(api):
    expect(
        api.products,
        _("Expected: rows can be put into the table of the products."),
        look=_("Does flask db upgrade make the table?"),
    )
    row = api.products[0]
    response = api.get("{}/{}".format(PRODUCTS, row["id"]))
    expect(
        holds(response.json(), description=row["description"]),
        _("Expected: the description that is in the database."),
        seen=f"{response.status} {response.text[:300]}",
        look=_("Which fields does the schema name?"),
    )


@criterion(_("Your tests have a database of their own"), file="test_products.py")
def test_own_tests_leave_the_database_alone(project, worlds):
    expect_packages(project, {"pytest": "pytest"}, section="dev-packages")
    world = worlds.new()
    before = sorted(row["name"] for row in insert_products(world))
    run = run_own_tests(world)
    expect(
        run.passed,
        _("Expected: pytest runs your tests and all of them pass."),
        seen=run.told,
        look=_("What does the line that begins with E say?"),
    )
    after = world.python(ROWS)
    expect(
        before == after,
        _("Expected: after your tests, the shop's database holds what it held before."),
        seen=_("Before: {before}. After: {after}", before=before, after=after),
        look=_("Is DATABASE_URL set before wsgi is imported?"),
    )
