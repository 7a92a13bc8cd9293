"""`heroku-postgresql:essential-0`: a database and a role of its own on the platform's server."""

from __future__ import annotations

import secrets
from pathlib import Path

from atelier.heroku.addons.cluster import Cluster
from atelier.heroku.addons.kept import keep, read_kept

CONNECTIONS = 20
_FOLDER = "databases"


class PostgresqlService:
    """One add-on: what it is called on the server, and its password."""

    plan = "heroku-postgresql:essential-0"
    config_var = "DATABASE_URL"

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        self._values = folder / _FOLDER / f"{name}.json"
        self._cluster = Cluster.of(folder)

    @property
    def running(self) -> bool:
        """Whether it is started and its server has not ended."""
        return self._cluster.is_used_by(self._name) and self._cluster.running

    def start(self) -> str:
        """Start it where needed, wait until it answers, and return its URL. Raises OurSide."""
        with self._cluster.lock:
            kept = read_kept(self._values)
            if not kept:
                kept = _new_values()
                keep(self._values, kept)
            if not self.running:
                self._cluster.use(self._name)
                try:
                    self._cluster.run(_make(kept))
                except BaseException:
                    self._cluster.leave(self._name)
                    raise
            address = f"127.0.0.1:{self._cluster.port}"
            return f"postgres://{kept['role']}:{kept['password']}@{address}/{kept['database']}"

    def stop(self) -> None:
        """End it. Its data stay."""
        with self._cluster.lock:
            self._cluster.leave(self._name)

    def destroy(self) -> None:
        """End it and remove its data; with the last database goes the server. Raises OurSide."""
        with self._cluster.lock:
            kept = read_kept(self._values)
            others = [path for path in self._values.parent.glob("*.json") if path != self._values]
            if others and kept:
                self._cluster.use(self._name)
                try:
                    self._cluster.run(_drop(kept))
                finally:
                    self._cluster.leave(self._name)
            else:
                self.stop()
            self._values.unlink(missing_ok=True)
            if not others:
                self._cluster.remove()
                if self._values.parent.exists():
                    self._values.parent.rmdir()


def _new_values() -> dict[str, str]:
    # Named as Heroku's are; letters and digits only, so that SQL and URLs need no quotes.
    return {
        "database": f"d{secrets.token_hex(7)}",
        "role": f"u{secrets.token_hex(7)}",
        "password": f"p{secrets.token_hex(32)}",
    }


def _make(kept: dict[str, str]) -> str:
    """Return what makes the role and the database, or finishes what a kill interrupted."""
    database, role, password = kept["database"], kept["role"], kept["password"]
    return f"""
        SELECT 'CREATE ROLE {role}'
            WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec
        ALTER ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT {CONNECTIONS};
        SELECT 'CREATE DATABASE {database} OWNER {role}'
            WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
        REVOKE ALL ON DATABASE {database}, postgres, template1 FROM PUBLIC;
    """


def _drop(kept: dict[str, str]) -> str:
    return f"""
        DROP DATABASE IF EXISTS {kept["database"]} WITH (FORCE);
        DROP ROLE IF EXISTS {kept["role"]};
    """
