"""The address of a project's Redis, read as Celery reads it, and a client for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from atelier.printable import printable

if TYPE_CHECKING:
    from redis import Redis

_ANSWER_WITHIN = 2.0  # seconds, to connect and for each reply
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class BadAddress(ValueError):
    """A URL that names no Redis."""


@dataclass(frozen=True)
class Address:
    """Where a Redis is; as a string it shows no user and no password."""

    host: str
    port: int
    database: int
    tls: bool
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    options: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "rediss" if self.tls else "redis"
        return printable(f"{scheme}://{host}:{self.port}/{self.database}", 120)

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return self.host in _LOCAL

    def client(self) -> Redis:
        """Return a client for reading raw values: replies are bytes, nothing is tried twice."""
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        return Redis(
            host=self.host,
            port=self.port,
            db=self.database,
            username=self.username,
            password=self.password,
            ssl=self.tls,
            socket_timeout=_ANSWER_WITHIN,
            socket_connect_timeout=_ANSWER_WITHIN,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            **self.options,
        )


def read_address(url: str) -> Address:
    """Read a URL as Celery's `broker_url` has it. Raises BadAddress.

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html
    """
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("redis", "rediss"):
            raise BadAddress
        path = parts.path.strip("/")
        return Address(
            host=unquote(parts.hostname or "localhost"),
            port=parts.port or 6379,
            database=int(path) if path else 0,
            tls=parts.scheme == "rediss",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            options=_tls_options(parts.query) if parts.scheme == "rediss" else {},
        )
    except ValueError as error:
        raise BadAddress from error


def _tls_options(query: str) -> dict[str, Any]:
    given = {name: values[-1] for name, values in parse_qs(query).items()}
    options: dict[str, Any] = {name: given[name] for name in _FILES if name in given}
    # Celery writes CERT_NONE, redis-py none.
    required = given.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if required not in ("none", "optional", "required"):
        raise BadAddress
    options["ssl_cert_reqs"] = required
    return options
