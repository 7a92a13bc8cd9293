"""What is refused, in Heroku's error form: an id, a sentence, a status."""

from __future__ import annotations


class Refusal(Exception):
    """Something that the platform will not do; `message` is for the person who asked."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.message = message


def not_found(message: str) -> Refusal:
    """Return the refusal of something that does not exist."""
    return Refusal(404, "not_found", message)


def invalid(message: str) -> Refusal:
    """Return the refusal of a value that cannot be used."""
    return Refusal(422, "invalid_params", message)


def not_offered(message: str) -> Refusal:
    """Return the refusal of what the real platform has and this one has not."""
    return Refusal(501, "not_implemented", message)
