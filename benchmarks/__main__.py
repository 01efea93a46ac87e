"""``make bench``: the replay and embedded rows of the performance budget, beside their ceilings, measured in the same run.

The day that is measured has a known answer (``benchmarks/story.py``), and its ledger must be the same from replay, from the embedded
runtime and in every round: figures from a run that found something else are worth nothing, and the run then ends with 1.
A budget that is missed is told and ends with 0, because it depends on the machine.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Mapping

import click
import msgspec

from benchmarks.cases import Day
from benchmarks.closer import by_kind, changing
from benchmarks.day import day
from benchmarks.estate import company
from benchmarks.live import latency
from benchmarks.machine import machine
from benchmarks.measure import Row, Unsteady, measure
from benchmarks.report import COUNT, DECODE, EMBEDDED, LOG, REPLAY, Answer, Log, Report
from benchmarks.story import LEAST_VENDORS, answer, found_in


@click.command()
@click.option("--vendors", default=60, show_default=True, type=click.IntRange(LEAST_VENDORS), help="Vendors with a status page.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Rounds, after one to warm up.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(vendors: int, rounds: int, as_json: bool) -> None:
    """Measure the replay and embedded rows of the performance budget."""
    environment = machine()
    _say("making the day")
    packed, log = _day(vendors)
    measured = Day(packed, company(vendors))
    cases = {
        DECODE: measured.decode,
        COUNT: measured.decode_and_count,
        REPLAY: measured.replay,
        LOG: measured.log_only,
        EMBEDDED: measured.embedded,
    }
    try:
        rows = measure(cases, rounds, log.observations, lambda turn: _say(f"round {turn} of {rounds}" if turn else "warming up"))
    except Unsteady as error:
        raise click.ClickException(f"{error}: these figures are worth nothing") from error
    _say("looking closer")
    kinds = by_kind(packed, measured.context)
    log = msgspec.structs.replace(log, changing=round(changing(packed, measured.context) / log.observations, 3))
    _say("arriving at half the rate")
    waits = latency(packed, measured.context, rows[EMBEDDED].per_second // 2)
    _say("")
    found = Report(environment, log, _answer(measured, rows, log), rounds, rows, waits, kinds)
    click.echo(msgspec.json.encode(found) if as_json else "\n".join(found.lines()))
    raise SystemExit(1 if found.answer.wrong else 0)


def _day(vendors: int) -> tuple[list[bytes], Log]:
    encode = msgspec.msgpack.Encoder(decimal_format="string").encode
    packed: list[bytes] = []
    observations: dict[str, int] = {}
    delivered = 0
    for batch in day(vendors):
        packed.append(encode(batch))
        observations[batch.id] = len(batch.observations)
        delivered += len(batch.observations)
    content = b"".join(packed)
    return packed, Log(
        vendors=vendors,
        batches=len(observations),
        delivered=len(packed),
        observations=sum(observations.values()),
        changing=0.0,
        bytes_per_observation=round(len(content) / delivered),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _answer(measured: Day, rows: Mapping[str, Row], log: Log) -> Answer:
    wanted = Counter(answer())
    wrong: list[str] = []
    for name, ledger in measured.ledgers.items():
        found = Counter(found_in(ledger))
        wrong += [f"{name}: missing {finding}" for finding in (wanted - found).elements()]
        wrong += [f"{name}: not in the story: {finding}" for finding in (found - wanted).elements()]
    if rows[REPLAY].answer != rows[EMBEDDED].answer:
        wrong.append("replay and the embedded runtime give different ledgers")
    if rows[LOG].answer != str(log.batches):
        wrong.append(f"the log holds {rows[LOG].answer} batches, not {log.batches}")
    return Answer(wanted.total(), len(measured.ledgers["replay"]), measured.messages, rows[REPLAY].answer, tuple(wrong))


def _say(what: str) -> None:
    """What is under way, on a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{what}", err=True, nl=False)


if __name__ == "__main__":
    main()
