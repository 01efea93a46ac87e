"""Credentials: named in the configuration, revealed only while a request is written."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import httpx2

from secondsource.adapters.http.sigv4 import plain_query, signed

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e]+")
_WORD = re.compile(r"[\x21-\x7e]+")


class CredentialError(Exception):
    """The credential can not be used. The message names it and never holds its value."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """``Authorization: Bearer <token>``."""

    reveal: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Basic:
    """``Authorization: Basic``; the user name is no secret, the password is."""

    username: str
    reveal: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeaderCredential:
    """A header of the vendor's own, like ``X-Api-Key``."""

    name: str
    reveal: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """An AWS access key that signs requests to one service in one region (Signature Version 4). The key's id is no secret.

    Keys of a role come with a session token and expire; whoever renews them renews what ``reveal`` and ``session_token`` give.
    """

    key_id: str
    region: str
    service: str
    reveal: Callable[[], str] = field(repr=False)
    session_token: Callable[[], str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4): a token is fetched at ``token_url`` with the client's id and secret."""

    token_url: str
    client_id: str
    reveal: Callable[[], str] = field(repr=False)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class GoogleServiceAccount:
    """A Google service account; the secret is its key file, the JSON text as Google gives it. ``scope`` as Google writes scopes."""

    scope: str
    reveal: Callable[[], str] = field(repr=False)


Tokened = ClientCredentials | GoogleServiceAccount
"""What gives a token that has to be fetched first."""

Credential = Bearer | Basic | HeaderCredential | AwsKeys | ClientCredentials | GoogleServiceAccount


class Proof(Protocol):
    """What makes a request ours. ``secrets`` are the texts that must not appear anywhere else."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts to strike out of whatever is told of the request."""

    def applied(self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> tuple[httpx2.URL, Mapping[str, str]]:
        """The address as it is to be sent, and the headers to add."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A proof that is the same for every request."""

    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def applied(self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> tuple[httpx2.URL, Mapping[str, str]]:
        """The headers, whatever the request."""
        return url, self.headers


@dataclass(frozen=True, slots=True)
class Signed:
    """A proof that depends on the request and on the time at which it is sent."""

    keys: AwsKeys
    secret: str = field(repr=False)
    token: str | None = field(repr=False)
    now: Callable[[], datetime]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key and the session token; a signature is good for one request and a few minutes."""
        return (self.secret, self.token) if self.token is not None else (self.secret,)

    def applied(self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> tuple[httpx2.URL, Mapping[str, str]]:
        """The signature for this very request."""
        url = plain_query(url)
        keys = self.keys
        return url, signed(
            method, url, headers, body, key_id=keys.key_id, secret=self.secret, region=keys.region, service=keys.service,
            at=self.now(), session_token=self.token,
        )  # fmt: skip


def find(wanted: str, credentials: Mapping[str, Credential]) -> Credential:
    """The credential called ``wanted``. Raises :class:`CredentialError`."""
    credential = credentials.get(wanted)
    if credential is None:
        raise CredentialError(f"no credential is called {wanted!r}; add it to the configuration or correct 'auth'")
    return credential


def prove(wanted: str, credential: Bearer | Basic | HeaderCredential | AwsKeys, now: Callable[[], datetime]) -> Proof:
    """The proof that ``credential``, called ``wanted``, gives; ``now`` is asked when a request is signed.

    Raises :class:`CredentialError`.
    """
    secret = revealed(wanted, credential.reveal)
    match credential:
        case AwsKeys():
            token = revealed(wanted, credential.session_token) if credential.session_token is not None else None
            for text in (credential.key_id, credential.region, credential.service, token or "-"):
                if not _WORD.fullmatch(text):
                    raise CredentialError(f"key id, region, service or session token of credential {wanted!r} is not one")
            return Signed(credential, secret, token, now)
        case Bearer():
            return sent(wanted, "authorization", f"Bearer {secret}", secret)
        case Basic(username=username):
            pair = f"{username}:{secret}".encode()
            return sent(wanted, "authorization", f"Basic {base64.b64encode(pair).decode('ascii')}", secret)
        case HeaderCredential(name=name):
            return sent(wanted, name.lower(), secret, secret)


def sent(wanted: str, name: str, value: str, secret: str) -> Sent:
    """One header. Raises :class:`CredentialError` where it can not be written as one."""
    if not _NAME.fullmatch(name):
        raise CredentialError(f"the header name of credential {wanted!r} is not one")
    if not _VALUE.fullmatch(value):
        raise CredentialError(f"the secret of credential {wanted!r} holds characters that no header can carry")
    return Sent({name: value}, (value, value.rpartition(" ")[2], secret))


def revealed(wanted: str, reveal: Callable[[], str]) -> str:
    """The secret, read now. Raises :class:`CredentialError`."""
    try:
        secret = reveal().strip()  # files end with a newline
    except (OSError, LookupError, ValueError):
        # Neither shown nor chained: the error of a secret's reader may hold the secret.
        raise CredentialError(f"the secret of credential {wanted!r} can not be read") from None
    if not secret:
        raise CredentialError(f"the secret of credential {wanted!r} is empty")
    return secret
