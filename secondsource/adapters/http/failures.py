"""What went wrong with a fetch, in one sentence that may be stored and shown."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable
from datetime import timedelta

import httpx2

from secondsource.adapters.http.body import Broken, TooLarge
from secondsource.adapters.http.credentials import CredentialError
from secondsource.adapters.http.hosts import BadAddress
from secondsource.adapters.http.transport import AddressRefused
from secondsource.domain.observations import Outcome

MAX_DETAIL = 300

#: what a fetch may meet; everything else is a defect of the program and is raised
EXPECTED = (httpx2.TransportError, BadAddress, CredentialError, TooLarge, Broken, OSError)


class Refusal(Exception):
    """The fetch ends here, with this outcome."""

    def __init__(self, outcome: Outcome, detail: str, retry_after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.retry_after = retry_after


def describe(error: Exception, host: str) -> tuple[Outcome, str]:
    """The outcome that ``error`` means, and a sentence about ``host``."""
    match error:
        case AddressRefused() | BadAddress() | CredentialError():
            return Outcome.REFUSED, str(error)
        case TooLarge():
            return Outcome.TOO_LARGE, f"{host}: {error}"
        case Broken():
            return Outcome.NETWORK, f"{host}: {error}"
        case httpx2.TimeoutException():
            return Outcome.TIMEOUT, f"{host} did not accept a connection in time"
        case httpx2.ConnectError():
            return Outcome.NETWORK, f"could not connect to {host}: {_cause(error)}"
        case httpx2.LocalProtocolError():
            # Its text quotes the request, which may hold a secret.
            return Outcome.REFUSED, f"the request to {host} can not be written as HTTP"
        case httpx2.RemoteProtocolError():
            return Outcome.NETWORK, f"{host} broke the protocol or off: {error}"
        case _:
            return Outcome.NETWORK, f"the connection to {host} broke: {_cause(error)}"


def clean(detail: str, secrets: Iterable[str] = ()) -> str:
    """``detail`` on one line of printable characters, cut to size, with every secret replaced by ``***``."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        detail = detail.replace(secret, "***")
    line = " ".join("".join(character if character.isprintable() else " " for character in detail).split())
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"


def _cause(error: BaseException) -> str:
    # The pool takes off the cause; httpcore2 keeps the first error as the only argument of its own.
    deepest = error
    while (under := deepest.__cause__ or next(iter(deepest.args), None)) and isinstance(under, BaseException):
        deepest = under
    if isinstance(deepest, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({deepest.verify_message})"
    if isinstance(deepest, ssl.SSLError):
        return f"TLS failed ({deepest.reason or type(deepest).__name__})"
    if isinstance(deepest, OSError) and deepest.errno is not None and deepest.errno > 0:
        return os.strerror(deepest.errno)
    return str(deepest) or "the far side hung up"
