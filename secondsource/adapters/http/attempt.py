"""One fetch from the first byte sent to the last one read, within its deadline."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b

import httpx2

from secondsource.adapters.http.body import BodyReader, TooLarge
from secondsource.adapters.http.failures import EXPECTED, Refusal, clean, describe
from secondsource.adapters.http.headers import declared_length, incoming, remembered, retry_after
from secondsource.adapters.http.hops import REDIRECTS, Hop, next_hop
from secondsource.adapters.http.hosts import show
from secondsource.adapters.http.transport import GuardedTransport
from secondsource.contracts.connector import Response
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, Fetched, FetchPolicy, Page, Unchanged, Validators


class Attempt:
    """``known`` are the validators that belong to this request, ``key`` is its name; used once.

    ``every_status`` takes any answer for one. ``rejected`` tells afterwards that the credential was not accepted where it belongs.
    """

    _hop: Hop

    def __init__(
        self,
        transport: GuardedTransport,
        policy: FetchPolicy,
        known: Validators,
        key: str,
        *,
        every_status: bool = False,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self.rejected = False
        self._every_status = every_status
        self._transport = transport
        self._policy = policy
        self._known = known
        self._key = key
        self._now = now
        self._monotonic = monotonic
        self._began = 0.0
        self._stage = "connecting or waiting for an answer"

    async def run(self, hop: Hop) -> Fetched:
        """Follow ``hop`` to its end."""
        self._began = self._monotonic()
        self._hop = hop
        secrets = hop.proof.secrets if hop.proof is not None else ()
        limit = asyncio.timeout(self._policy.deadline.total_seconds())
        try:
            async with limit:
                return await self._follow()
        except Refusal as refusal:
            return Failed(refusal.outcome, clean(refusal.detail, secrets), refusal.retry_after, self._latency())
        except EXPECTED as error:
            outcome, detail = describe(error, show(self._hop.url))
            if limit.expired():
                seconds = self._policy.deadline.total_seconds()
                outcome, detail = Outcome.TIMEOUT, f"{show(self._hop.url)} gave no complete answer in {seconds:g} s (while {self._stage})"
            return Failed(outcome, clean(detail, secrets), None, self._latency())

    async def _follow(self) -> Fetched:
        for _ in range(self._policy.max_redirects + 1):
            response = await self._transport.handle_async_request(self._hop.wire())
            try:
                location = response.headers.get("location")
                if response.status_code not in REDIRECTS or location is None:
                    return await self._read(response)
                self._hop = next_hop(self._hop, response.status_code, location, self._policy)
            finally:
                await response.aclose()
        raise Refusal(Outcome.HTTP_ERROR, f"more than {self._policy.max_redirects} redirects, the last one to {show(self._hop.url)}")

    async def _read(self, response: httpx2.Response) -> Fetched:
        status, headers = response.status_code, response.headers
        if status == 304 and self._hop.conditional:
            return Unchanged(self._latency(), self._validators(headers, self._known.body_hash))
        self.rejected = status == 401 and not self._hop.left_home
        success = 200 <= status < 300 and status != 206
        later = None if success else retry_after(headers.get("retry-after"), self._now())
        if not success and not self._every_status:
            raise Refusal(Outcome.HTTP_ERROR, self._rejection(status), later)
        limit = self._policy.max_bytes
        announced = declared_length(headers)
        if announced is not None and announced > limit and self._hop.method != "HEAD":
            raise TooLarge(f"the body is announced with {announced} bytes, more than {limit}")
        reader = BodyReader(headers.get("content-encoding", ""), limit)
        async with contextlib.aclosing(response.aiter_raw()) as parts:
            self._stage = "reading the body"
            async for part in parts:
                reader.feed(part)
        body = reader.finish()
        digest = blake2b(body, digest_size=16).hexdigest()
        validators = self._validators(headers, digest)
        if digest == self._known.body_hash:
            return Unchanged(self._latency(), validators)
        answer = Response(str(self._hop.url), status, incoming(headers), body, self._now())
        return Page(answer, self._latency(), reader.received, validators, later)

    def _rejection(self, status: int) -> str:
        host = show(self._hop.url)
        if status == 304:
            return f"{host} answered 304 (not modified) although it was not asked whether anything changed"
        if status in (401, 403) and self._hop.left_home:
            return f"{host} answered {status}; a redirect led there, and credentials are not sent along"
        return f"{host} answered {status}"

    def _validators(self, headers: httpx2.Headers, digest: str | None) -> Validators:
        etag, modified = remembered(headers.get("etag")), remembered(headers.get("last-modified"))
        if digest == self._known.body_hash:  # a 304 need not repeat them
            etag, modified = etag or self._known.etag, modified or self._known.last_modified
        return Validators(self._key, etag, modified, digest)

    def _latency(self) -> int:
        return round((self._monotonic() - self._began) * 1000)
