"""What the platform remembers: apps, slugs, releases, process types, add-ons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class App:
    """An app; `current` is the version of the release that its dynos run, 0 for none."""

    id: str
    name: str
    created_at: str
    updated_at: str
    released_at: str | None
    current: int


@dataclass(frozen=True)
class Slug:
    """What a push was built into: its files, its packages, its process types."""

    id: str
    app_id: str
    commit_id: str
    process_types: Mapping[str, str]
    packages: str  # the folder of its packages, shared by all slugs of one lock
    size: int
    created_at: str


@dataclass(frozen=True)
class Release:
    """A slug with config vars, under a number."""

    id: str
    app_id: str
    version: int
    description: str
    status: str  # pending, succeeded, failed
    slug_id: str | None
    config: Mapping[str, str]
    output: str  # what its release phase printed
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class ProcessType:
    """How many dynos of a type are wanted."""

    id: str
    app_id: str
    type: str
    quantity: int
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class AddOn:
    """An add-on of an app; `config_var` is where its address stands."""

    id: str
    attachment_id: str
    app_id: str
    name: str
    plan: str
    config_var: str
    url: str
    state: str  # provisioning, provisioned
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class Line:
    """One line of a log."""

    number: int
    moment: str
    source: str  # app, heroku
    process: str  # web.1, router, api
    text: str

    def __str__(self) -> str:
        return f"{self.moment} {self.source}[{self.process}]: {self.text}"
