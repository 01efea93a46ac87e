"""Access tokens that are fetched with a client's secret, kept in memory until they expire, and never shown.

They are fetched by the same guarded way as everything else. Whoever needs one while it is being fetched waits for it, so that it is
fetched once. A token that its own service refuses is forgotten, and the next fetch gets a new one; one that does not say how long it
holds serves once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from secondsource.adapters.http.credentials import GoogleServiceAccount, Proof, Sent, Tokened, revealed, sent
from secondsource.adapters.http.failures import Refusal
from secondsource.contracts.connector import ParseError, Request, Response
from secondsource.contracts.reading import Node, document
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, Fetched, FetchPolicy, Page

Exchange = Callable[[Request, Proof, FetchPolicy], Awaitable[Fetched]]

MAX_ANSWER = 64 * 1024
_EARLY = timedelta(seconds=60)  # before it expires: it must still hold while the request is on its way
_ERROR = re.compile(r"[A-Za-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class _Token:
    proof: Sent = field(repr=False)
    until: datetime | None


class Tokens:
    """The tokens of one fetcher, by the names of their credentials. ``exchange`` sends a request."""

    def __init__(self, exchange: Exchange, now: Callable[[], datetime]) -> None:
        self._exchange = exchange
        self._now = now
        self._kept: dict[str, _Token] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def proof(self, name: str, credential: Tokened, policy: FetchPolicy) -> Proof:
        """The token of the credential called ``name``, as a proof. Raises ``CredentialError``, or ``Refusal`` where none is given."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            kept = self._kept.get(name)
            if kept is None or kept.until is None or kept.until <= self._now():
                kept = await self._fetched(name, credential, policy)
                self._kept[name] = kept
            return kept.proof

    def forget(self, name: str) -> None:
        """Fetch a new token the next time."""
        self._kept.pop(name, None)

    async def _fetched(self, name: str, credential: Tokened, policy: FetchPolicy) -> _Token:
        asked = self._now()
        url, form, secrets = _form(name, credential, asked)
        request = Request(
            url,
            "POST",
            headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode("ascii"),
            every_status=True,
        )
        bounds = FetchPolicy(policy.allow, None, policy.deadline, MAX_ANSWER, max_redirects=0)
        answer = await self._exchange(request, Sent({}, secrets), bounds)
        if isinstance(answer, Failed):
            raise Refusal(answer.outcome, f"no token for credential {name!r}: {answer.detail}", answer.retry_after)
        assert isinstance(answer, Page)  # no validators were given, so nothing can be unchanged
        try:
            return _read(name, answer.response, asked)
        except ParseError as error:
            # what was sent back may hold a token, so only the place is told
            detail = f"no token for credential {name!r}: the answer of its token_url can not be read ({error.where})"
            raise Refusal(Outcome.HTTP_ERROR, detail, answer.retry_after) from None
        except Refusal as refusal:
            raise Refusal(refusal.outcome, refusal.detail, answer.retry_after) from None


def _form(name: str, credential: Tokened, at: datetime) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Where to ask, the form to send, and what must not be shown."""
    if isinstance(credential, GoogleServiceAccount):
        from secondsource.adapters.http.google import statement  # it loads the RSA library, for which only its users pay

        return statement(name, credential, at)
    secret = revealed(name, credential.reveal)
    form = {"grant_type": "client_credentials", "client_id": credential.client_id, "client_secret": secret}
    if credential.scope:
        form["scope"] = credential.scope
    return credential.token_url, form, (secret,)


def _read(name: str, response: Response, asked: datetime) -> _Token:
    if response.status != 200:
        raise Refusal(Outcome.HTTP_ERROR, f"no token for credential {name!r}: its token_url answered {response.status}{_reason(response)}")
    root = document(response.body)
    token = root["access_token"].text()
    kind = root.text_of("token_type") or "Bearer"
    if kind.lower() != "bearer":
        raise root["token_type"].fail("only bearer tokens can be sent")
    lifetime = root.get("expires_in")
    until = None if lifetime is None else asked + timedelta(seconds=_seconds(lifetime)) - _EARLY
    return _Token(sent(name, "authorization", f"Bearer {token}", token), until)


def _seconds(lifetime: Node) -> float:
    """How long a token holds; some write the number as a text. At most a day is believed."""
    number = lifetime.spelt_number() if isinstance(lifetime.value, str) else lifetime.number()
    return min(max(float(number), 0.0), 86_400.0)


def _reason(response: Response) -> str:
    """The error code of RFC 6749, 5.2, in brackets, where there is one."""
    try:
        code = document(response.body).text_of("error") or ""
    except ParseError:
        return ""
    return f" ({code})" if _ERROR.fullmatch(code) else ""
