"""What a run found, as one value for ``--json``, and as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from benchmarks.cases import PART
from benchmarks.closer import Kind
from benchmarks.live import GATHERED, Latency
from benchmarks.measure import Row

DECODE, COUNT, REPLAY = "decode", "decode and count", "decode and all rules, replay"
LOG, EMBEDDED = "durable log only", "embedded, durable, all rules"
CEILINGS = {REPLAY: COUNT, EMBEDDED: LOG}
BUDGET = {REPLAY: 250_000, EMBEDDED: 50_000}
LATENCY_MS = 250


class Log(msgspec.Struct, frozen=True):
    """What was measured with.

    ``delivered`` counts batches as often as they come, ``changing`` is the part of the observations that change a rule's state.
    """

    vendors: int
    batches: int
    delivered: int
    observations: int
    changing: float
    bytes_per_observation: int
    sha256: str


class Answer(msgspec.Struct, frozen=True):
    """What came out. ``wrong`` are the reasons why the figures are worth nothing; there should be none."""

    findings: int
    signals: int
    messages: int
    ledger_sha256: str
    wrong: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """One run."""

    machine: dict[str, str]
    log: Log
    answer: Answer
    rounds: int
    rows: dict[str, Row]
    latency: Latency
    by_kind: dict[str, Kind]

    def lines(self) -> Iterator[str]:
        """The table."""
        log, answer = self.log, self.answer
        yield "  ".join(f"{name} {value}" for name, value in self.machine.items())
        yield (
            f"a day of {log.vendors} vendors: {log.observations:,} observations in {log.batches:,} batches "
            f"({log.observations / log.batches:.1f} each), {log.delivered - log.batches:,} of them delivered twice, "
            f"{log.bytes_per_observation} bytes an observation; {log.changing:.0%} change a state; log {log.sha256[:12]}"
        )
        yield ""
        heads = f"{'obs/s':>10} {'slowest to fastest':>23} {'cpu µs/obs':>11} {'obs/cpu s':>10} {'ceiling':>8} {'budget':>8}"
        yield f"{f'median of {self.rounds} rounds':30} {heads}"
        for name, row in self.rows.items():
            spread = f"{row.slowest:,} to {row.fastest:,}"
            ceiling = f"{row.per_second / self.rows[CEILINGS[name]].per_second:.0%}" if name in CEILINGS else ""
            budget = f"{row.per_second / BUDGET[name]:.0%}" if name in BUDGET else ""
            yield f"{name:30} {row.per_second:>10,} {spread:>23} {row.cpu_us:>11} {1e6 / row.cpu_us:>10,.0f} {ceiling:>8} {budget:>8}"
        wait = self.latency
        yield (
            f"arrival to outbox at {wait.rate:,} obs/s: p50 {wait.p50_ms} ms, p99 {wait.p99_ms} ms, longest {wait.max_ms} ms "
            f"(budget: p99 under {LATENCY_MS} ms); what arrives within {GATHERED.microseconds // 1000} ms is kept together"
        )
        yield ""
        yield from self._kinds()
        yield ""
        yield (
            f"{answer.findings} findings opened or cleared as the story says, {answer.signals} signals, {answer.messages} messages; "
            f"ledger {answer.ledger_sha256[:12]}, the same from replay and embedded runtime in every round; parts of {PART:,} batches"
            if not answer.wrong
            else "THESE FIGURES ARE WORTH NOTHING:"
        )
        yield from answer.wrong

    def _kinds(self) -> Iterator[str]:
        """Where replay's time goes."""
        whole = sum(kind.decoding + kind.rules for kind in self.by_kind.values())
        heads = f"{'batches':>10} {'observations':>13} {'decode µs/obs':>14} {'rules µs/obs':>13} {'of the time':>12}"
        yield f"{'batches that begin with':30} {heads}"
        for name, kind in self.by_kind.items():
            decoding, rules = (spent / kind.observations * 1e6 for spent in (kind.decoding, kind.rules))
            part = (kind.decoding + kind.rules) / whole
            yield f"{name:30} {kind.batches:>10,} {kind.observations:>13,} {decoding:>14.2f} {rules:>13.2f} {part:>12.0%}"
