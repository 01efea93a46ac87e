"""The pages of a vendor review on money and capacity: spend, prices, quotas, offers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from secondsource.adapters.reports.paper import FIGURES, WHOLE, AnyBlock, Column, Level, Notes, Prose, Section, StepChart, Table, Text
from secondsource.adapters.reports.words import NONE, instant, lasting, money, number, percent, signed, unknown
from secondsource.domain.figures import plain
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.capacity import Offers, Quotas
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.period import Period
from secondsource.domain.review.prices import Move, Prices, Series
from secondsource.domain.review.spend import Spending
from secondsource.domain.words import count

CHARTS = 4
"""Series that are drawn: what we use first, then the largest change."""

LINES = 20
"""Rows of a table; the report as JSON has all."""


def money_section(measured: Measured, notes: Notes) -> Section:
    """Spend and prices."""
    blocks: list[AnyBlock] = [_spending(measured.spending, notes)]
    prices = measured.prices
    if isinstance(prices, Missing):
        blocks.append(Prose(Text(f"Prices are not known: {prices.reason}.", unknown=True)))
    else:
        blocks += _prices(prices, measured.period, notes)
    return Section("What it costs", tuple(blocks))


def capacity(measured: Measured, notes: Notes) -> Section:
    """Quotas and offers."""
    return Section("Room and supply", (_quotas(measured.quotas, notes), _offers(measured.offers, notes)))


def _spending(spending: Spending | Missing, notes: Notes) -> AnyBlock:
    if isinstance(spending, Missing):
        return Prose(Text(f"What is spent with it is not known: {spending.reason}.", unknown=True))
    how = "by its bills" if spending.billed else "as the portfolio declares"
    before = money(spending.before, spending.currency) if spending.before is not None else "not known: nothing was read then"
    rows = [
        (Text(f"Spend a month, {how}"), notes.text(money(spending.monthly, spending.currency), spending.basis)),
        (Text("The same at the start of the period"), Text(before, unknown=spending.before is None)),
        (Text(f"Share of what is spent with {count(spending.vendors, 'vendor')}"), notes.text(percent(spending.share), spending.basis)),
        (Text("What is spent with all of them a month"), Text(money(spending.total, spending.currency))),
    ]
    if spending.left_out:
        rows.append((Text("Not counted"), Text("; ".join(spending.left_out), unknown=True)))
    return Table("Spend", (Column(""), Column("", FIGURES)), tuple(rows))


def _prices(prices: Prices, period: Period, notes: Notes) -> Iterable[AnyBlock]:
    moved, read = len(prices.moved), len(prices.moved) + prices.still
    text = f"{count(read, 'price')} {'was' if read == 1 else 'were'} read, {prices.ours} of what we use; {moved} moved in the period."
    yield Prose(notes.text(text, prices.basis))
    for series in prices.moved[:CHARTS]:
        yield _chart(series, period)
    if prices.moved:
        yield Table(
            f"The largest changes{', what we use first' if any(move.ours for move in prices.moves) else ''}; times in UTC",
            (
                Column("Price"),
                Column("Per"),
                Column("Before", FIGURES),
                Column("After", FIGURES),
                Column("Change", FIGURES),
                Column("Seen", WHOLE),
                Column("Holds from", WHOLE),
                Column("Source"),
            ),
            tuple(_move(move, notes) for move in prices.moves),
        )


def _chart(series: Series, period: Period) -> StepChart:
    unit = f"{series.currency} per {series.unit}"
    last = f"{plain(series.last)}" if series.last is not None else "no longer listed"
    change = f" ({signed(series.change)})" if series.change is not None else ""
    path = f"From {plain(series.first)} to {last}{change} in {count(series.moves, 'step')}"
    says = f"{path}; between {plain(series.low)} and {plain(series.high)}."
    return StepChart(
        title=series.name + (" (we use it)" if series.ours else ""),
        says=Text(says),
        source=series.source,
        unit=unit,
        start=period.start,
        end=period.end,
        levels=tuple(_levels(series, period.end)),
    )


def _levels(series: Series, end: datetime) -> Iterable[Level]:
    """What is drawn: each amount for as long as it held and was read."""
    ends = [step.at for step in series.steps[1:]] + [end]
    for step, until in zip(series.steps, ends, strict=True):
        if step.amount is None:
            continue
        for span in series.known:
            if max(step.at, span.start) < min(until, span.end):
                yield Level(step.amount, max(step.at, span.start), min(until, span.end))


def _move(move: Move, notes: Notes) -> tuple[Text, ...]:
    after = plain(move.after) if move.after is not None else "no longer listed"
    return (
        Text(move.series),
        Text(f"{move.currency} / {move.unit}"),
        Text(plain(move.before)),
        Text(after),
        notes.text(signed(move.change), move.basis),
        Text(instant(move.at)),
        Text(instant(move.effective_at) if move.effective_at else "not said"),
        Text(move.source),
    )


def _quotas(quotas: Quotas | Missing, notes: Notes) -> AnyBlock:
    if isinstance(quotas, Missing):
        return Prose(Text(f"How near our limits we came is not known: {quotas.reason}.", unknown=True))
    return Table(
        "Quotas, the tightest first; times in UTC",
        (
            Column("Quota"),
            Column("Used at the end", FIGURES),
            Column("Limit", FIGURES),
            Column("Free at the end", FIGURES),
            Column("Least free", FIGURES),
            Column("When", WHOLE),
            Column("Source"),
        ),
        tuple(
            (
                Text(", ".join(filter(None, (line.name, line.product, line.region)))),
                Text(f"{number(line.used)} {line.unit}".rstrip()),
                Text("not known", unknown=True) if line.limit is None else Text(number(line.limit)),
                Text(percent(line.headroom), unknown=line.headroom is None),
                notes.text(percent(line.lowest), line.basis),
                Text(instant(line.lowest_at)),
                Text(line.source),
            )
            for line in quotas.lines[:LINES]
        ),
    )


def _offers(offers: Offers | Missing, notes: Notes) -> AnyBlock:
    if isinstance(offers, Missing):
        return Prose(Text(f"What it has on offer is not known: {offers.reason}.", unknown=True))
    return Table(
        "Offers, what we use first",
        (
            Column("Item"),
            Column("Market"),
            Column("At the end"),
            Column("Count", FIGURES),
            Column("Least", FIGURES),
            Column("Vanished", FIGURES),
            Column("Listed for", FIGURES),
            Column("Gone for", FIGURES),
            Column("Source"),
        ),
        tuple(
            (
                notes.text(", ".join(filter(None, (line.item, line.region))) + (" (we use it)" if line.ours else ""), line.basis),
                Text(line.market.replace("_", " ")),
                Text("listed" if line.listed else "gone"),
                Text("not said" if line.listed else NONE) if line.count is None else Text(str(line.count)),
                Text("not said") if line.lowest is None else Text(str(line.lowest)),
                Text(count(line.vanished, "time") if line.vanished else "never"),
                Text(lasting(line.listed_for)),
                Text(lasting(line.gone_for)),
                Text(line.source),
            )
            for line in offers.lines[:LINES]
        ),
    )


def missing_figures(measured: Measured) -> Iterable[str]:
    """What is not known of money and capacity, as sentences."""
    for what, value in (
        ("Spend", measured.spending),
        ("Prices", measured.prices),
        ("Headroom of quotas", measured.quotas),
        ("Offers", measured.offers),
    ):
        if isinstance(value, Missing):
            yield f"{what} {unknown(value).words}."
