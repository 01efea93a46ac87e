"""A source as the collector sees it: polls go in, what changed comes out as batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from benchmarks.chance import whole
from secondsource.domain.difference import FULL_EVERY, NOTHING_YET, difference
from secondsource.domain.observations import AnyBody, Batch, Observation, Outcome, SourceHealth, batch_of, observe

Said = Iterable[tuple[str, str, AnyBody]]
"""What a poll read: vendor, subject, body."""


class Watched:
    """One source: its last picture, and what each poll of it sends on."""

    def __init__(self, id_: str, vendor: str, connector: str, interval: timedelta) -> None:
        self._id = id_
        self._vendor = vendor
        self._connector = connector
        self._interval = interval
        self._picture = NOTHING_YET
        self._succeeded: datetime | None = None

    def stale(self, at: datetime) -> bool:
        """Whether all that the source says is due to be told again."""
        return self._picture.full_at is None or at - self._picture.full_at >= FULL_EVERY

    def poll(self, at: datetime, said: Said | None, complete: bool = True) -> Iterator[Batch]:
        """A poll that went well; ``said`` is the whole picture if ``complete``, None where the source answered that nothing is new."""
        changed: tuple[Observation, ...] = ()
        if said is not None:
            raw = sha256(f"{self._id} {at}".encode()).hexdigest()
            seen = [
                observe(source=self._id, vendor=vendor, subject=subject, observed_at=at, body=body, occurred_at=at, raw=raw)
                for vendor, subject, body in said
            ]
            self._picture, changed = difference(self._picture, seen, complete, at)
        self._succeeded = at
        outcome = Outcome.UNCHANGED if said is None else Outcome.OK
        return self._sent(at, changed, outcome)

    def fail(self, at: datetime) -> Iterator[Batch]:
        """A poll that the server refused."""
        return self._sent(at, (), Outcome.HTTP_ERROR, "503 Service Unavailable")

    def _sent(self, at: datetime, changed: Iterable[Observation], outcome: Outcome, detail: str = "") -> Iterator[Batch]:
        latency = whole(80, 400, self._id, at)
        health = SourceHealth(outcome, self._connector, detail, latency, latency * 40, int(self._interval.total_seconds()), self._succeeded)
        parts: dict[str, list[Observation]] = {}
        for observation in changed:
            parts.setdefault(observation.vendor, []).append(observation)
        said = observe(source=self._id, vendor=self._vendor, subject=f"source/{self._id}", observed_at=at, body=health)
        parts.setdefault(self._vendor, []).append(said)
        for vendor, part in sorted(parts.items()):
            yield batch_of(vendor, self._id, at, tuple(part))
