"""Values that go out and come back unchanged: cookies, cursors and the tokens of forms, each signed for its own purpose."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_LENGTH = 16  # bytes of the signature: 128 bits


class Signer:
    """Signs with a key of its own for each purpose, so that a cursor never passes for a cookie."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def _signature(self, purpose: str, value: bytes) -> bytes:
        key = hmac.digest(self._secret, b"secondsource/" + purpose.encode(), hashlib.sha256)
        return hmac.digest(key, value, hashlib.sha256)[:_LENGTH]

    def seal(self, purpose: str, value: bytes) -> str:
        """``value`` with its signature, safe in addresses and cookies. It can be read by anyone and changed by nobody."""
        return base64.urlsafe_b64encode(self._signature(purpose, value) + value).rstrip(b"=").decode()

    def open(self, purpose: str, sealed: str) -> bytes | None:
        """What :meth:`seal` was given; None for anything that it did not make for this purpose."""
        try:
            raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        signature, value = raw[:_LENGTH], raw[_LENGTH:]
        return value if hmac.compare_digest(signature, self._signature(purpose, value)) else None

    def token(self, purpose: str, value: str) -> str:
        """A token that only who knows the secret can make for ``value``."""
        return self._signature(purpose, value.encode()).hex()

    def proves(self, purpose: str, value: str, token: str) -> bool:
        """Whether ``token`` is the one for ``value``. Compares in constant time."""
        return hmac.compare_digest(self.token(purpose, value).encode(), token.encode("utf-8", "replace"))
