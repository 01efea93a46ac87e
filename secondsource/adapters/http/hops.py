"""Requests as they go out, and what becomes of one when a server sends it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import httpx2

from secondsource.adapters.http.body import ACCEPTED
from secondsource.adapters.http.credentials import Proof
from secondsource.adapters.http.failures import Refusal
from secondsource.adapters.http.headers import BadHeader, outgoing
from secondsource.adapters.http.hosts import origin_of, parse_url, show
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import FetchPolicy, Validators

REDIRECTS = frozenset({301, 302, 303, 307, 308})
METHODS = frozenset({"GET", "HEAD", "POST"})
# The rest may hold keys and stays with the origin that the configuration names.
_TRAVELS = frozenset({"accept", "accept-language", "content-type"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One request on its way. ``proof`` is the credential, while the request is still at its own origin."""

    method: str
    url: httpx2.URL
    headers: dict[str, str] = field(repr=False)
    common: dict[str, str]
    body: bytes | None = field(default=None, repr=False)
    proof: Proof | None = None
    left_home: bool = False

    @property
    def conditional(self) -> bool:
        """Whether it asks for an answer only if something changed."""
        return "if-none-match" in self.common or "if-modified-since" in self.common

    def wire(self) -> httpx2.Request:
        """The request as httpx2 has it."""
        headers, url = {**self.common, **self.headers}, self.url
        if self.proof is not None:
            url, added = self.proof.applied(self.method, url, headers, self.body or b"")
            headers.update(added)
        return httpx2.Request(self.method, url, headers=headers, content=self.body)


def first_hop(request: Request, proof: Proof | None, validators: Validators | None, policy: FetchPolicy, user_agent: str) -> Hop:
    """The request as it starts, with ``validators`` where they are those of this request.

    Raises ``BadAddress``, or :class:`Refusal` for a method or header that is not sent.
    """
    method = request.method.upper()
    if method not in METHODS:
        raise Refusal(Outcome.REFUSED, f"the method {method[:20]!r} is not used; sources are read with {', '.join(sorted(METHODS))}")
    url = parse_url(request.url, policy.ports)
    if request.params:
        url = url.copy_merge_params(dict(request.params))
    try:
        headers = outgoing(request.headers)
    except BadHeader as error:
        raise Refusal(Outcome.REFUSED, str(error)) from error
    common = {"user-agent": user_agent, "accept": "*/*", "accept-encoding": ACCEPTED}
    if method == "GET" and validators is not None:
        if validators.etag is not None:
            common["if-none-match"] = validators.etag
        if validators.last_modified is not None:
            common["if-modified-since"] = validators.last_modified
    return Hop(method, url, headers, common, request.body, proof)


def next_hop(hop: Hop, status: int, location: str, policy: FetchPolicy) -> Hop:
    """The request that a redirect asks for.

    At another origin it goes without credential, without headers of its own and without body, and stays so if sent back:
    whoever it passed chose the path. Raises ``BadAddress``, or :class:`Refusal` for https to http.
    """
    try:
        target = hop.url.join(location)
    except (httpx2.InvalidURL, ValueError) as error:
        raise Refusal(Outcome.REFUSED, f"{show(hop.url)} redirects to something that is no URL") from error
    url = parse_url(str(target), policy.ports)
    if hop.url.scheme == "https" and url.scheme == "http":
        raise Refusal(Outcome.REFUSED, f"{show(hop.url)} redirects from https to http")
    moved = replace(hop, url=url)
    if status == 303 or (status in (301, 302) and hop.method == "POST"):
        rest = {name: value for name, value in hop.headers.items() if name != "content-type"}
        moved = replace(moved, method="HEAD" if hop.method == "HEAD" else "GET", body=None, headers=rest)
    if origin_of(url) != origin_of(hop.url):
        if moved.body is not None:
            raise Refusal(Outcome.REFUSED, f"{show(hop.url)} redirects a request with a body to {show(url)}")
        travels = {name: value for name, value in moved.headers.items() if name in _TRAVELS}
        moved = replace(moved, headers=travels, proof=None, left_home=True)
    return moved
