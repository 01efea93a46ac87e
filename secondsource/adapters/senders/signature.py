"""The signature of a webhook: HMAC-SHA-256 over time and body, so that a receiver knows who spoke, and when."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

HEADER = "X-SecondSource-Signature"
TOLERANCE = timedelta(minutes=5)
_PART = re.compile(r"(t|v1)=([0-9a-f]{1,64})")


def sign(body: bytes, secret: str, now: datetime) -> str:
    """The header's value, ``t=<unix seconds>,v1=<64 hexadecimal digits>``; signed is ``<unix seconds>.<body>``."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(seconds, body, secret)}"


def verify(signature: str, body: bytes, secret: str, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """Whether ``signature`` fits the raw ``body`` and is no further than ``tolerance`` from ``now``, in either direction.

    Several ``v1`` may stand in the header while a secret is renewed; one that fits is enough. Never raises for bad input.
    """
    parts = [_PART.fullmatch(part.strip()) for part in signature.split(",")[:10]]
    times = [part[2] for part in parts if part and part[1] == "t"]
    digests = [part[2] for part in parts if part and part[1] == "v1"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]):
        return False
    seconds = int(times[0])
    expected = _digest(seconds, body, secret)
    fits = [hmac.compare_digest(digest, expected) for digest in digests]
    return any(fits) and abs(now.timestamp() - seconds) <= tolerance.total_seconds()


def _digest(seconds: int, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
