"""What to ask the vendor for, each ask by a stated rule and with the figure that it rests on. No figure, no ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import msgspec

from secondsource.domain.figures import plain
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.basis import Basis, basis
from secondsource.domain.review.capacity import Offers, Quotas
from secondsource.domain.review.honesty import Honesty
from secondsource.domain.review.incidents import Lag
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.prices import Prices
from secondsource.domain.review.spans import lasting, total
from secondsource.domain.review.spend import Spending
from secondsource.domain.words import count

LATE = timedelta(minutes=15)
"""From this median delay of the first word on, or this time of trouble that was not admitted, better word is asked for."""

DEARER = Decimal(5)
"""From this rise on (per cent, of something that we use), a price hold is asked for."""

TIGHT = Decimal(20)
"""Below this headroom (per cent of the limit), more is asked for."""

LARGE = Decimal(30)
"""From this share of the known spend on (per cent), better terms are asked for."""


class Ask(msgspec.Struct, frozen=True):
    """One thing to ask for. ``rule`` names the rule that led to it, ``because`` holds its figure, ``when`` states the rule."""

    rule: str
    text: str
    because: str
    when: str
    basis: Basis


def asks(measured: Measured) -> tuple[Ask, ...]:
    """All that follow from the figures, the weightiest first."""
    return tuple(ask for rule in _RULES for ask in rule(measured))


def _credit(measured: Measured) -> Iterator[Ask]:
    missed = [month for month in measured.sla if month.verdict == "missed"]
    if missed and isinstance(measured.mine, Availability):
        worst = max(missed, key=lambda month: (month.down, month.month))
        yield Ask(
            "credit",
            f"The service credit for {_names(tuple(dict.fromkeys(month.month for month in missed)))}",
            f"in {worst.month} it was down for {lasting(worst.down)}, weighted, where {plain(worst.promised, 3)} % allows "
            f"{lasting(worst.allowed)}",
            "asked for where a month's known time down is more than the contract allows",
            measured.mine.basis,
        )


def _promise(measured: Measured) -> Iterator[Ask]:
    up = measured.mine
    if isinstance(up, Availability) and up.down and not any(line.sla is not None for line in measured.contracts):
        yield Ask(
            "promise",
            "A promised availability, with credits",
            f"none is on record, and it was up {up.up:f} % of the time that could be read",
            "asked for where it was down and no contract on record promises an availability",
            up.basis,
        )


def _exit(measured: Measured) -> Iterator[Ask]:
    if measured.way_out.bare:
        yield Ask(
            "exit",
            "Terms for leaving: export of what is ours, help and time to move",
            f"outside it no alternative is known to help {_names(measured.way_out.bare)}",
            "asked for where a function rests on it with no sound alternative outside it",
            measured.way_out.basis,
        )


def _elsewhere(measured: Measured) -> Iterator[Ask]:
    harms = [harm for episode in measured.upstream for harm in episode.harms if harm.certain]
    if harms:
        names = tuple(dict.fromkeys(episode.title.partition(":")[0] for episode in measured.upstream))
        yield Ask(
            "elsewhere",
            "Service from another place than its supplier's that failed",
            f"trouble of {_names(names)} reached {_names(tuple(dict.fromkeys(harm.name for harm in harms)))} by way of it, "
            f"for {lasting(total(harm.hit for harm in harms))}",
            "asked for where trouble of a supplier surely reached a function of ours by way of it",
            basis("The register's findings on its suppliers.", risks=[episode.risk for episode in measured.upstream]),
        )


def _hold(measured: Measured) -> Iterator[Ask]:
    if not isinstance(measured.prices, Prices):
        return
    dearer = [series for series in measured.prices.moved if series.ours and series.change is not None and series.change >= DEARER]
    if dearer:
        worst = max(dearer, key=lambda series: (series.change or Decimal(0), series.name))
        ids = [step.observation for step in (*worst.steps[:1], *worst.steps[-1:])]
        yield Ask(
            "hold",
            "A price hold, or a cap on rises",
            f"{worst.name} rose {plain(worst.change or Decimal(0))} % in the period, "
            f"from {plain(worst.first)} to {plain(worst.last or worst.first)} {worst.currency} per {worst.unit}",
            f"asked for where a price of what we use rose by {DEARER} % or more",
            basis(f"The first and last readings of it by {worst.source}.", ids),
        )


def _word(measured: Measured) -> Iterator[Ask]:
    lag = measured.lag
    if isinstance(lag, Lag) and lag.word is not None and lag.word >= LATE:
        yield Ask(
            "word",
            f"First word within {lasting(LATE)}",
            f"it came {lasting(lag.word)} after the start that it claims (median of {count(lag.count, 'incident')})",
            f"asked for where the median delay is {lasting(LATE)} or more",
            lag.basis,
        )


def _admission(measured: Measured) -> Iterator[Ask]:
    found = measured.honesty
    if isinstance(found, Honesty) and found.unadmitted >= LATE:
        yield Ask(
            "admission",
            "A status page that tells of what we see",
            f"for {lasting(found.unadmitted)} our own probes found it down while its pages said operational",
            f"asked for where that came to {lasting(LATE)} or more",
            found.basis,
        )


def _limit(measured: Measured) -> Iterator[Ask]:
    lines = measured.quotas.lines if isinstance(measured.quotas, Quotas) else ()
    tight = [line for line in lines if line.lowest is not None and line.lowest < TIGHT]
    if tight:
        first = tight[0]  # the tightest stands first
        assert first.lowest is not None
        where = f" in {first.region}" if first.region else ""
        yield Ask(
            "limit",
            f"Higher limits for {_names(tuple(dict.fromkeys(line.name for line in tight)))}",
            f"only {plain(first.lowest)} % of {first.name}{where} was free on {first.lowest_at:%Y-%m-%d %H:%M} UTC",
            f"asked for where less than {TIGHT} % of a limit was free at some time",
            basis(f"The tightest of {count(len(tight), 'limit')}. {first.basis.says}", first.basis.observations),
        )


def _reserve(measured: Measured) -> Iterator[Ask]:
    lines = measured.offers.lines if isinstance(measured.offers, Offers) else ()
    gone = [line for line in lines if line.ours and line.vanished]
    if gone:
        first = gone[0]  # the longest gone stands first
        where = f" in {first.region}" if first.region else ""
        yield Ask(
            "reserve",
            f"Reserved capacity of {_names(tuple(dict.fromkeys(line.item for line in gone)))}",
            f"{first.item}{where} was off the market {count(first.vanished, 'time')}, for {lasting(first.gone_for)} of the time read",
            "asked for where something that we use vanished from what is on offer",
            first.basis,
        )


def _terms(measured: Measured) -> Iterator[Ask]:
    spending = measured.spending
    if isinstance(spending, Spending) and spending.share >= LARGE:
        yield Ask(
            "terms",
            "Better terms for our volume",
            f"{plain(spending.monthly, 0)} {spending.currency} a month is {plain(spending.share)} % of our known spend",
            f"asked for where it has {LARGE} % or more of the known spend",
            spending.basis,
        )


def _record(measured: Measured) -> Iterator[Ask]:
    changed = [line for line in measured.incidents if line.moved]
    if changed:
        yield Ask(
            "record",
            "A report after each incident, with a timeline that stays",
            f"the start of {count(len(changed), 'incident')} was changed after it was first published",
            "asked for where a claimed start was changed later",
            basis("What its page said of them, first and last.", [id_ for line in changed for id_ in line.basis.observations]),
        )


def _names(names: tuple[str, ...], most: int = 3) -> str:
    """``A, B and 2 more``."""
    shown, more = names[:most], len(names) - most
    return f"{', '.join(shown)} and {more} more" if more > 0 else " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


_RULES: tuple[Callable[[Measured], Iterator[Ask]], ...] = (
    _credit, _promise, _exit, _hold, _limit, _word, _admission, _elsewhere, _reserve, _terms, _record,
)  # fmt: skip
