"""The fetcher: one bounded attempt at one request, redirects by hand, every outcome a value."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx2

from secondsource import __version__
from secondsource.adapters.http.addresses import AddressPolicy
from secondsource.adapters.http.attempt import Attempt
from secondsource.adapters.http.credentials import (
    ClientCredentials,
    Credential,
    CredentialError,
    GoogleServiceAccount,
    Proof,
    find,
    prove,
)
from secondsource.adapters.http.failures import Refusal, clean
from secondsource.adapters.http.hops import first_hop
from secondsource.adapters.http.hosts import BadAddress, host_of
from secondsource.adapters.http.resolver import Resolver, SystemResolver
from secondsource.adapters.http.slots import Slots
from secondsource.adapters.http.tokens import Tokens
from secondsource.adapters.http.transport import MAX_CONNECTIONS, GuardedTransport
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import DEFAULT_POLICY, NO_VALIDATORS, Failed, Fetched, FetchPolicy, Validators, request_key

USER_AGENT = f"SecondSource/{__version__} (vendor-risk monitor)"


class HttpFetcher:
    """The ``Fetcher`` port over httpx2.

    ``now`` stamps answers; ``monotonic`` (seconds; the event loop's by default) measures latency. ``credentials`` are the
    configuration's, by name. At most ``per_host`` requests run at once against a host; waiting for that is not part of
    the deadline. Sources with different allowed networks share no connections.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        credentials: Mapping[str, Credential] | None = None,
        resolver: Resolver | None = None,
        monotonic: Callable[[], float] | None = None,
        per_host: int = 2,
        max_connections: int = MAX_CONNECTIONS,
        ssl_context: ssl.SSLContext | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._now = now
        self._credentials: Mapping[str, Credential] = credentials or {}
        self._resolver = SystemResolver() if resolver is None else resolver
        self._monotonic = monotonic
        self._slots = Slots(per_host, max_connections)
        self._max_connections = max_connections
        self._ssl_context = ssl_context
        self._user_agent = user_agent
        self._transports: dict[tuple[str, ...], GuardedTransport] = {}
        self._tokens = Tokens(self._exchange, now)

    async def __aenter__(self) -> HttpFetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection and stop looking up names."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()
        if isinstance(self._resolver, SystemResolver):
            self._resolver.close()

    async def fetch(
        self,
        request: Request,
        *,
        policy: FetchPolicy = DEFAULT_POLICY,
        validators: Validators = NO_VALIDATORS,
    ) -> Fetched:
        """One attempt; see the port. A token that is needed first has a deadline of its own, as long as the policy's.

        Raises ValueError for a policy whose ``allow`` holds something that is no network.
        """
        key = request_key(request)
        known = validators if validators.request == key and not request.every_time else NO_VALIDATORS
        credential: Credential | None = None
        try:
            credential = find(request.auth, self._credentials) if request.auth is not None else None
            proof = await self._proof(request.auth or "", credential, policy)
        except CredentialError as error:
            return Failed(Outcome.REFUSED, clean(str(error)))
        except Refusal as error:
            return Failed(error.outcome, clean(error.detail), error.retry_after)
        fetched, rejected = await self._send(request, proof, known, policy)
        if rejected and isinstance(credential, ClientCredentials | GoogleServiceAccount):
            self._tokens.forget(request.auth or "")
        return fetched

    async def secrets(self, auth: str, policy: FetchPolicy = DEFAULT_POLICY) -> tuple[str, ...]:
        """The texts that must not be told of what the credential called ``auth`` opens, a token that was fetched for it among them.

        Raises ``CredentialError``, or ``Refusal`` where no token is given.
        """
        proof = await self._proof(auth, find(auth, self._credentials), policy)
        return proof.secrets if proof is not None else ()

    async def _proof(self, name: str, credential: Credential | None, policy: FetchPolicy) -> Proof | None:
        if isinstance(credential, ClientCredentials | GoogleServiceAccount):
            return await self._tokens.proof(name, credential, policy)
        return prove(name, credential, self._now) if credential is not None else None

    async def _exchange(self, request: Request, proof: Proof, policy: FetchPolicy) -> Fetched:
        fetched, _ = await self._send(request, proof, NO_VALIDATORS, policy)
        return fetched

    async def _send(self, request: Request, proof: Proof | None, known: Validators, policy: FetchPolicy) -> tuple[Fetched, bool]:
        """One attempt, and whether the credential was refused."""
        try:
            hop = first_hop(request, proof, known, policy, self._user_agent)
        except BadAddress as error:
            return Failed(Outcome.REFUSED, clean(str(error))), False
        except Refusal as error:
            return Failed(error.outcome, clean(error.detail)), False
        async with self._slots.hold(host_of(hop.url)):
            attempt = Attempt(
                self._transport(policy),
                policy,
                known,
                request_key(request),
                every_status=request.every_status,
                now=self._now,
                monotonic=self._monotonic or asyncio.get_running_loop().time,
            )
            return await attempt.run(hop), attempt.rejected

    def _transport(self, policy: FetchPolicy) -> GuardedTransport:
        transport = self._transports.get(policy.allow)
        if transport is None:
            if self._ssl_context is None:
                self._ssl_context = httpx2.create_ssl_context(trust_env=False)
            transport = GuardedTransport(
                self._resolver,
                AddressPolicy(policy.allow),
                ssl_context=self._ssl_context,
                max_connections=self._max_connections,
            )
            self._transports[policy.allow] = transport
        return transport
