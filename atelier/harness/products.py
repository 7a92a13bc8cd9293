"""A learner's web server on a database with rows, put there without the API.

The first steps have no POST yet, and some no database: what is there is used.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from atelier.harness.web import Web, start_web
from atelier.verdicts import Unmet

if TYPE_CHECKING:
    from atelier.harness.world import World

MIGRATIONS = "migrations/env.py"

# Finds the application as the command `flask` does, and the table by what it holds: a learner
# may have called either otherwise. `products()` returns the table, None when there is none.
FIND_PRODUCTS = """
from flask.cli import ScriptInfo

app = ScriptInfo().load_app()
database = app.extensions.get("sqlalchemy")

def products():
    tables = database.metadata.tables.values() if database else ()
    for table in tables:
        if "product" in table.name.lower() and {"id", "name"} <= set(table.columns.keys()):
            return table
"""
_INSERT = (
    FIND_PRODUCTS
    + """
table = products()
with app.app_context(), database.engine.begin() as connection:
    for row in rows:
        given = {name: value for name, value in row.items() if name in table.columns}
        row["id"] = connection.execute(table.insert().values(**given)).inserted_primary_key[0]
tell(rows)
"""
)


def insert_products(world: World) -> list[dict[str, Any]]:
    """Put three products into the migrated database; return them with their ids.

    Raises ProgramStopped, TookTooLong.
    """
    rows = [
        {"name": f"product {number} {secrets.token_hex(3)}", "description": secrets.token_hex(8)}
        for number in range(3)
    ]
    world.migrate()
    inserted: list[dict[str, Any]] = world.python(_INSERT, rows=rows)
    return inserted


def start_with_rows(world: World) -> Web:
    """Start the web server; its products are those put into its database, where it has one."""
    with ThreadPoolExecutor(1) as pool:  # two Pythons start side by side
        inserted = pool.submit(_insert_if_possible, world)
        web = start_web(world)
        web.products.extend(inserted.result())
    return web


def _insert_if_possible(world: World) -> list[dict[str, Any]]:
    if not world.source.has(MIGRATIONS):
        return []
    try:
        return insert_products(world)
    except Unmet:
        return []  # what the routes then answer says it better
