"""Credentials: named in the configuration, revealed only while a request is written."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e]+")


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


Credential = Bearer | Basic | HeaderCredential


@dataclass(frozen=True, slots=True)
class Proof:
    """What is sent. ``secrets`` are the texts that must not appear anywhere else."""

    name: str
    value: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def prove(wanted: str | None, credentials: Mapping[str, Credential]) -> Proof | None:
    """The header for the credential called ``wanted``; None where none is wanted. Raises :class:`CredentialError`."""
    if wanted is None:
        return None
    credential = credentials.get(wanted)
    if credential is None:
        raise CredentialError(f"no credential is called {wanted!r}; add it to the configuration or correct 'auth'")
    try:
        secret = credential.reveal().strip()  # files end with a newline
    except (OSError, LookupError, ValueError):
        # Neither shown nor chained: the error of a secret's reader may hold the secret.
        raise CredentialError(f"the secret of credential {wanted!r} can not be read") from None
    if not secret:
        raise CredentialError(f"the secret of credential {wanted!r} is empty")
    name, value = _header(credential, secret)
    if not _NAME.fullmatch(name):
        raise CredentialError(f"the header name of credential {wanted!r} is not one")
    if not _VALUE.fullmatch(value):
        raise CredentialError(f"the secret of credential {wanted!r} holds characters that no header can carry")
    return Proof(name, value, (value, value.rpartition(" ")[2], secret))


def _header(credential: Credential, secret: str) -> tuple[str, str]:
    match credential:
        case Bearer():
            return "authorization", f"Bearer {secret}"
        case Basic(username=username):
            pair = f"{username}:{secret}".encode()
            return "authorization", f"Basic {base64.b64encode(pair).decode('ascii')}"
        case HeaderCredential(name=name):
            return name.lower(), secret
