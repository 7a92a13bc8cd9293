"""Moments, as the API and the logs write them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """Return this moment as the API writes it: `2026-11-21T15:46:38Z`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def log_moment() -> str:
    """Return this moment as a log line begins: `2026-11-21T15:46:38.123456+00:00`."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
