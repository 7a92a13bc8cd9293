"""The state of the platform, in SQLite: what was acknowledged survives a kill at any moment."""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atelier.heroku.clock import now
from atelier.heroku.records import AddOn, App, ProcessType, Release, Slug

_TABLES = """
create table if not exists settings (name text primary key, value text not null);
create table if not exists apps (
    id text primary key, name text not null unique, created_at text not null,
    updated_at text not null, released_at text, current integer not null default 0,
    config text not null default '{}');
create table if not exists slugs (
    id text primary key, app_id text not null references apps on delete cascade,
    commit_id text not null, process_types text not null, packages text not null,
    size integer not null, created_at text not null);
create table if not exists releases (
    id text primary key, app_id text not null references apps on delete cascade,
    version integer not null, description text not null, status text not null,
    slug_id text references slugs, config text not null, output text not null default '',
    created_at text not null, updated_at text not null, unique (app_id, version));
create table if not exists process_types (
    id text primary key, app_id text not null references apps on delete cascade,
    type text not null, quantity integer not null, created_at text not null,
    updated_at text not null, unique (app_id, type));
create table if not exists addons (
    id text primary key, attachment_id text not null,
    app_id text not null references apps on delete cascade,
    name text not null unique, plan text not null, config_var text not null, url text not null,
    state text not null, created_at text not null, updated_at text not null,
    unique (app_id, config_var));
"""
_APP = "id, name, created_at, updated_at, released_at, current"


class NameTaken(Exception):
    """Another app has this name."""


class Gone(Exception):
    """What was asked for belongs to an app that does not exist any more, or all is closed."""


class Store:
    """The database. Any thread may call it; each method is one transaction."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._closed = False
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma foreign_keys = on")
        self._connection.execute("pragma journal_mode = wal")
        # An answer is an acknowledgement: it must be on the disk before it is given.
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._closed = True
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is written inside one change: all of it, or nothing."""
        with self._lock:
            if self._closed:
                raise Gone
            if self._depth:
                yield
                return
            self._connection.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            else:
                self._connection.execute("commit")
            finally:
                self._depth -= 1

    def _read(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            if self._closed:
                raise Gone
            return self._connection.execute(query, values).fetchall()

    def _write(self, query: str, *values: object) -> int:
        with self.transaction():
            try:
                return self._connection.execute(query, values).rowcount
            except sqlite3.IntegrityError as error:
                if "FOREIGN KEY" in str(error):
                    raise Gone from error
                raise

    # Settings

    def setting(self, name: str) -> str | None:
        """Return a setting, None when it was never made."""
        rows = self._read("select value from settings where name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def remember(self, name: str, value: str) -> None:
        """Keep a setting."""
        self._write("insert or replace into settings values (?, ?)", name, value)

    def settings(self, prefix: str) -> list[str]:
        """Return the names of the settings that begin with `prefix`."""
        rows = self._read(
            "select name from settings where substr(name, 1, ?) = ?", len(prefix), prefix
        )
        return [str(row["name"]) for row in rows]

    def forget(self, name: str) -> None:
        """Forget a setting."""
        self._write("delete from settings where name = ?", name)

    # Apps

    def apps(self) -> list[App]:
        """Return all apps, by name."""
        return [App(**row) for row in self._read(f"select {_APP} from apps order by name")]

    def app(self, name_or_id: str) -> App | None:
        """Return the app of this name or id."""
        rows = self._read(f"select {_APP} from apps where ? in (name, id)", name_or_id)
        return App(**rows[0]) if rows else None

    def add_app(self, name: str) -> App:
        """Make an app. Raises NameTaken."""
        moment = now()
        try:
            self._write(
                f"insert into apps ({_APP}) values (?, ?, ?, ?, null, 0)",
                *(str(uuid.uuid4()), name, moment, moment),
            )
        except sqlite3.IntegrityError as error:
            raise NameTaken from error
        made = self.app(name)
        assert made is not None
        return made

    def delete_app(self, app_id: str) -> None:
        """Forget an app and all that is its own."""
        with self.transaction():
            self._write("delete from releases where app_id = ?", app_id)
            self._write("delete from apps where id = ?", app_id)

    def config(self, app_id: str) -> dict[str, str]:
        """Return the config vars of an app."""
        rows = self._read("select config from apps where id = ?", app_id)
        return dict(json.loads(rows[0]["config"])) if rows else {}

    def set_config(self, app_id: str, config: Mapping[str, str]) -> None:
        """Replace the config vars of an app."""
        self._write(
            "update apps set config = ?, updated_at = ? where id = ?",
            *(_json(config), now(), app_id),
        )

    def set_current(self, release: Release) -> None:
        """Make `release` the one that the dynos of its app run."""
        self._write(
            "update apps set current = ?, released_at = ?, updated_at = ? where id = ?",
            *(release.version, now(), now(), release.app_id),
        )

    # Slugs

    def add_slug(self, slug: Slug) -> None:
        """Remember a slug whose files are complete. Raises Gone."""
        self._write(
            "insert into slugs values (?, ?, ?, ?, ?, ?, ?)",
            *(slug.id, slug.app_id, slug.commit_id, _json(slug.process_types)),
            *(slug.packages, slug.size, slug.created_at),
        )

    def slug(self, slug_id: str | None) -> Slug | None:
        """Return a slug."""
        rows = self._read("select * from slugs where id = ?", slug_id)
        return _slug(rows[0]) if rows else None

    def slugs(self) -> list[Slug]:
        """Return the slugs of all apps."""
        return [_slug(row) for row in self._read("select * from slugs")]

    def delete_unused_slugs(self) -> None:
        """Forget the slugs that no release uses: a kill came between the two."""
        self._write(
            "delete from slugs where id not in"
            " (select slug_id from releases where slug_id is not null)"
        )

    # Releases

    def add_release(
        self, app_id: str, description: str, slug_id: str | None, status: str = "succeeded"
    ) -> Release:
        """Make a release of a slug with the app's config vars of this moment. Raises Gone."""
        release_id, moment = str(uuid.uuid4()), now()
        with self.transaction():
            last = self._read(
                "select coalesce(max(version), 0) as version from releases where app_id = ?", app_id
            )
            self._write(
                "insert into releases (id, app_id, version, description, status, slug_id, config,"
                " created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(release_id, app_id, int(last[0]["version"]) + 1, description, status, slug_id),
                *(_json(self.config(app_id)), moment, moment),
            )
        made = self.release(app_id, release_id)
        assert made is not None
        return made

    def releases(self, app_id: str) -> list[Release]:
        """Return the releases of an app, the first one first."""
        rows = self._read("select * from releases where app_id = ? order by version", app_id)
        return [_release(row) for row in rows]

    def release(self, app_id: str, name: str) -> Release | None:
        """Return the release of this id, or of this version (`12` or `v12`)."""
        version = name.removeprefix("v")
        number = int(version) if version.isdecimal() and len(version) < 10 else -1
        rows = self._read(
            "select * from releases where app_id = ? and (id = ? or version = ?)",
            *(app_id, name, number),
        )
        return _release(rows[0]) if rows else None

    def end_release(self, release: Release, status: str, output: str) -> None:
        """Say how the release phase of `release` went, and what it printed."""
        self._write(
            "update releases set status = ?, output = ?, updated_at = ? where id = ?",
            *(status, output, now(), release.id),
        )

    def expire_pending_releases(self) -> None:
        """Mark as failed the releases whose phase was cut by a kill of the platform."""
        self._write("update releases set status = 'failed' where status = 'pending'")

    # Process types

    def process_types(self, app_id: str) -> list[ProcessType]:
        """Return how many dynos of each type are wanted."""
        rows = self._read("select * from process_types where app_id = ? order by type", app_id)
        return [ProcessType(**row) for row in rows]

    def scale(self, app_id: str, quantities: Mapping[str, int]) -> None:
        """Change how many dynos of these types are wanted. Raises Gone."""
        with self.transaction():
            for name, quantity in quantities.items():
                self._write(
                    "insert into process_types values (?, ?, ?, ?, ?, ?)"
                    " on conflict (app_id, type) do update"
                    " set quantity = excluded.quantity, updated_at = excluded.updated_at",
                    *(str(uuid.uuid4()), app_id, name, quantity, now(), now()),
                )

    # Add-ons

    def addons(self, app_id: str | None = None) -> list[AddOn]:
        """Return the add-ons of an app, or of all."""
        rows = self._read(
            "select * from addons where ?1 is null or app_id = ?1 order by created_at, name", app_id
        )
        return [AddOn(**row) for row in rows]

    def add_addon(self, app_id: str, name: str, plan: str, config_var: str) -> AddOn:
        """Remember an add-on that is being made. Raises Gone."""
        addon_id = str(uuid.uuid4())
        self._write(
            "insert into addons values (?, ?, ?, ?, ?, ?, '', 'provisioning', ?, ?)",
            *(addon_id, str(uuid.uuid4()), app_id, name, plan, config_var, now(), now()),
        )
        return next(addon for addon in self.addons(app_id) if addon.id == addon_id)

    def provisioned(self, addon: AddOn, url: str) -> None:
        """Remember that an add-on answers at `url`; config vars that had its old one follow."""
        with self.transaction():
            self._write(
                "update addons set url = ?, state = 'provisioned', updated_at = ? where id = ?",
                *(url, now(), addon.id),
            )
            if not addon.url or addon.url == url:
                return
            for table, key in (("apps", "id"), ("releases", "app_id")):
                for row in self._read(
                    f"select id, config from {table} where {key} = ?", addon.app_id
                ):
                    config = json.loads(row["config"])
                    if addon.url in config.values():
                        new = {k: url if v == addon.url else v for k, v in config.items()}
                        self._write(
                            f"update {table} set config = ? where id = ?", _json(new), row["id"]
                        )

    def delete_addon(self, addon: AddOn) -> None:
        """Forget an add-on."""
        self._write("delete from addons where id = ?", addon.id)


def _json(value: Mapping[str, str] | Sequence[str]) -> str:
    return json.dumps(dict(value) if isinstance(value, Mapping) else list(value))


def _slug(row: sqlite3.Row) -> Slug:
    values: dict[str, Any] = dict(row)
    return Slug(**{**values, "process_types": json.loads(values["process_types"])})


def _release(row: sqlite3.Row) -> Release:
    values: dict[str, Any] = dict(row)
    return Release(**{**values, "config": json.loads(values["config"])})
