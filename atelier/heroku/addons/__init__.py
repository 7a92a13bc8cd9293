"""The add-ons that an app may have: real servers of its own, embedded, on loopback only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

# The plan of each service, and the config var that an app finds it by.
PLANS: Mapping[str, str] = MappingProxyType(
    {
        "heroku-redis:mini": "REDIS_URL",
        "heroku-postgresql:essential-0": "DATABASE_URL",
    }
)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


class UnknownPlan(Exception):
    """A plan that is not offered. Its text is Heroku's own."""

    def __init__(self, plan: str) -> None:
        super().__init__(
            f'Couldn\'t find either the add-on service or the add-on plan of "{plan}".'
        )


class AddOnService(Protocol):
    """One add-on: a server, or its part of one."""

    @property
    def plan(self) -> str:
        """Its plan, as `heroku addons:create` names it."""

    @property
    def config_var(self) -> str:
        """The config var that its address belongs in."""

    @property
    def running(self) -> bool:
        """Whether it is started and its server has not ended."""

    def start(self) -> str:
        """Start it where needed, wait until it answers, and return its URL. Raises OurSide."""

    def stop(self) -> None:
        """End it. Its data stay."""

    def destroy(self) -> None:
        """End it and remove its data. Raises OurSide."""


def full_plan(plan: str) -> str:
    """Return the name of a plan with its service; a service alone is its one plan here.

    Raises UnknownPlan.
    """
    for known in PLANS:
        if plan in (known, known.partition(":")[0]):
            return known
    raise UnknownPlan(plan)


def make_service(plan: str, folder: Path, name: str) -> AddOnService:
    """Return the add-on `name` of a platform whose add-ons are kept in `folder`.

    It starts nothing and makes nothing. Raises UnknownPlan.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of an add-on: {name!r}")
    if full_plan(plan) == "heroku-redis:mini":
        from atelier.heroku.addons.redis import RedisService

        return RedisService(folder, name)
    from atelier.heroku.addons.postgresql import PostgresqlService

    return PostgresqlService(folder, name)


def end_left_over(folder: Path) -> None:
    """End the servers that a killed platform left running for the add-ons in `folder`."""
    from atelier.heroku.addons.cluster import cluster_place
    from atelier.heroku.addons.left_over import end_servers_in

    end_servers_in(folder)
    end_servers_in(cluster_place(folder))


def remove_all(folder: Path) -> None:
    """End what runs for the add-ons in `folder`, and remove every trace of them."""
    import shutil

    from atelier.heroku.addons.cluster import Cluster

    end_left_over(folder)
    Cluster.of(folder).remove()
    if folder.exists():
        shutil.rmtree(folder)
