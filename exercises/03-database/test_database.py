"""Step 03: an address from the environment, a model, and a table that migrations make."""

import secrets

from atelier.checks import (
    FIND_PRODUCTS,
    MIGRATIONS,
    _,
    criterion,
    expect,
    expect_packages,
    skip,
)

ADDRESS = (
    """
import os
if given:
    os.environ["DATABASE_URL"] = given
"""
    + FIND_PRODUCTS
    + """
if database is None:
    tell(None)
else:
    with app.app_context():
        tell(database.engine.url.render_as_string(hide_password=True))
"""
)

COLUMNS = (
    FIND_PRODUCTS
    + """
import sqlalchemy
table = products()
if table is None:
    tell(None)
else:
    with app.app_context():
        there = sqlalchemy.inspect(database.engine)
        found = there.has_table(table.name) and there.get_columns(table.name)
        tell([table.name, [column["name"] for column in found or ()]])
"""
)

ROWS = (
    FIND_PRODUCTS
    + """
import sqlalchemy
table = products()

def store(value):
    with app.app_context(), database.engine.begin() as connection:
        connection.execute(table.insert().values(name=value))

def read():
    with app.app_context(), database.engine.connect() as connection:
        return list(connection.scalars(sqlalchemy.select(table.c.name)))

store(name)
try:
    store(None)
    refused = False
except sqlalchemy.exc.IntegrityError:
    refused = True
tell([read(), refused])
"""
)


@criterion(
    _("Flask-SQLAlchemy and Flask-Migrate are installed, and the Pipfile names them"),
    file="Pipfile",
)
def test_packages_are_installed(project):
    expect_packages(
        project, {"flask-sqlalchemy": "flask_sqlalchemy", "flask-migrate": "flask_migrate"}
    )


def expect_address(address, wanted, message):
    expect(
        address is not None,
        _("Expected: the application knows its database."),
        seen=_("No database was connected to it."),
        look=_("Does wsgi.py call db.init_app(app)?"),
    )
    expect(
        address.startswith(wanted),
        message,
        seen=address,
        look=_("Does config.py read DATABASE_URL from os.environ?"),
    )


@criterion(_("The address of the database follows DATABASE_URL"), file="config.py")
def test_address_follows_database_url(project, worlds):
    project.text("config.py")
    world = worlds.shared()
    given = f"sqlite:///{world.home}/{secrets.token_hex(4)}.db"
    expect_address(
        world.python(ADDRESS, given=given),
        given,
        _("Expected: with DATABASE_URL={given}, this is the address.", given=given),
    )


@criterion(_("Unless DATABASE_URL says otherwise, the database is SQLite's"), file="config.py")
def test_default_is_sqlite(project, worlds):
    project.text("config.py")
    expect_address(
        worlds.shared().python(ADDRESS, given=None),
        "sqlite:",
        _("Expected: an address that begins with sqlite:"),
    )


def columns(worlds):
    """The table of products and its columns, on a database that `flask db upgrade` made."""
    world = worlds.shared()
    expect(
        world.source.has(MIGRATIONS),
        _("Expected: a folder migrations in the project."),
        seen=_("There is none."),
        look=_("In the project's folder, have you run: pipenv run flask db init?"),
    )
    expect(
        any((world.source.root / "migrations/versions").glob("*.py")),
        _("Expected: a migration in migrations/versions."),
        seen=_("There is none."),
        look=_('Have you run: pipenv run flask db migrate -m "products"?'),
    )
    world.migrate()
    return world.python(COLUMNS)


@criterion(_("flask db upgrade makes the table of the products"), file="models.py")
def test_upgrade_makes_the_table(worlds):
    found = worlds.once(columns)
    expect(
        found is not None,
        _("Expected: a model for the products, with an id and a name."),
        seen=_("The application knows no such table."),
        look=_("Is the class a db.Model, and does wsgi.py import the module?"),
    )
    table, there = found
    expect(
        {"id", "name"} <= set(there),
        _("Expected: after flask db upgrade, the table {table} has an id and a name.", table=table),
        seen=_("Its columns: {names}", names=", ".join(there) or "–"),
        look=_("Have you run flask db migrate after the last change of models.py?"),
    )


@criterion(_("Migrations say the same as the models"), file="models.py")
def test_migrations_agree_with_the_models(worlds):
    worlds.once(columns)
    code, told = worlds.shared().attempt("flask", "db", "check")
    expect(
        code == 0,
        _("Expected: flask db check finds nothing to migrate."),
        seen=told,
        look=_("Have you run flask db migrate after the last change of models.py?"),
    )


@criterion(_("A product is stored, and one without a name is not"), file="models.py")
def test_rows_are_stored(worlds):
    found = worlds.once(columns)
    expect(
        found is not None and "name" in found[1],
        _("Expected: a table for the products, with an id and a name."),
        seen=_("There is none."),
        look=_("Does flask db upgrade make it?"),
    )
    name = f"kettle {secrets.token_hex(4)}"
    names, refused = worlds.shared().python(ROWS, name=name)
    expect(
        name in names,
        _("Expected: a row that was stored can be read again."),
        seen=names,
        look=_("Which columns does the model have?"),
    )
    expect(
        refused,
        _("Expected: the database refuses a product without a name."),
        seen=_("It was stored."),
        look=_("What does nullable=False say, and where does it belong?"),
    )


@criterion(_("The migrations are in git"), file="migrations/")
def test_migrations_are_in_git(project):
    if not (project.root / ".git").exists():
        skip(_("The project is not a git repository here."))
    expect(
        project.tracked_by_git(MIGRATIONS) and project.tracked_by_git("migrations/versions"),
        _("Expected: git keeps the folder migrations: whoever clones the project needs it."),
        seen=_("git ls-files does not list it."),
        look=_("Have you run: git add migrations, then a commit?"),
    )


@criterion(_("The database itself is not in git"), file=".gitignore")
def test_database_is_not_in_git(project):
    kept = [name for name in ("instance", "*.db", "*.sqlite*") if project.tracked_by_git(name)]
    expect(
        not kept,
        _("Expected: git keeps no database: its rows are those of one machine."),
        seen=_("git ls-files lists: {names}", names=", ".join(kept)),
        look=_("Have you tried: git rm -r --cached instance, then a commit?"),
    )
