"""How often a key may ask: a token bucket for each."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """So many requests a second for long, and so many at once."""

    per_second: float = 200.0
    burst: int = 400


DEFAULT_RATE = Rate()


class _Bucket(msgspec.Struct):
    tokens: float
    at: datetime


MOST = 10_000
"""Buckets that are kept; only keys that were proven have one, so that nobody outside can fill the memory."""


class Buckets:
    """Buckets by name, filled as time passes."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, now: datetime) -> float:
        """Take one token; 0, or the seconds after which there is one again."""
        rate = self._rate
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= MOST:
                self._drop_full(now)
            bucket = self._buckets[name] = _Bucket(float(rate.burst), now)
        gone = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens = min(float(rate.burst), bucket.tokens + gone * rate.per_second)
        bucket.at = max(bucket.at, now)
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / rate.per_second

    def _drop_full(self, now: datetime) -> None:
        """Forget those that have filled up again: they are as good as new."""
        rate = self._rate
        for name in [n for n, b in self._buckets.items() if b.tokens + (now - b.at).total_seconds() * rate.per_second >= rate.burst]:
            del self._buckets[name]
