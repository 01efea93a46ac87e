"""The ledger: every signal of a log, one line of JSON each, in an order that does not depend on who was processed first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from secondsource.domain.signals import Signal

_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def lines(signals: Iterable[Signal]) -> list[bytes]:
    """The signals as lines of JSON without their newline, by time, then rule, key and id."""
    ordered = sorted(signals, key=lambda signal: (signal.at, signal.rule, signal.key, signal.id))
    return [_encoder.encode(signal) for signal in ordered]


def digest(signals: Iterable[Signal]) -> str:
    """SHA-256 over the ledger's lines, each with its newline, in hex: equal when, and only when, the ledgers are."""
    found = hashlib.sha256()
    for line in lines(signals):
        found.update(line + b"\n")
    return found.hexdigest()
