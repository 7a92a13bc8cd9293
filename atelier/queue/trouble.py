"""What is said when a Redis does not answer as it should."""

from __future__ import annotations

from collections.abc import Sequence

from atelier.i18n import _
from atelier.printable import printable
from atelier.queue.address import Address

_DETAIL_LENGTH = 200
_UNVERIFIED = "?ssl_cert_reqs=CERT_NONE"  # as Celery writes it


def trouble(address: Address, error: Exception) -> Sequence[str]:
    """Say what is wrong with the Redis at `address` and what to do."""
    from redis import AuthenticationError, ResponseError

    detail = printable(str(error), _DETAIL_LENGTH)
    if isinstance(error, AuthenticationError):
        return [
            _("Redis at {address} refuses: {detail}", address=str(address), detail=detail),
            _("Are the user and the password in REDIS_URL right?"),
        ]
    if isinstance(error, ResponseError):
        return [_("Redis at {address} refuses: {detail}", address=str(address), detail=detail)]
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return [
            _("The certificate of Redis at {address} cannot be verified.", address=str(address)),
            _("Heroku's is self-signed: end REDIS_URL with {query}", query=_UNVERIFIED),
        ]
    says: list[str] = [_("Redis does not answer at {address}.", address=str(address))]
    if not isinstance(error.__cause__ or error.__context__, ConnectionRefusedError):
        says.append(detail)
    if address.local:
        says.append(_("Is it running? In a terminal of its own: pipenv run atelier redis"))
    else:
        says.append(_("Is REDIS_URL right, and is this machine online?"))
    return says
