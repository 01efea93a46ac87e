"""The vendor review as a paper: one page that a busy reader can stop after, then the pages that prove it."""

from __future__ import annotations

from collections.abc import Iterable

from secondsource.adapters.reports import reliability, standing, supply
from secondsource.adapters.reports.paper import Figure, Notes, Paper, Point, Prose, Section, Text
from secondsource.adapters.reports.words import instant, unknown
from secondsource.domain.review.asks import Ask
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.headlines import Headline
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.review import VendorReview

ASKS = 3
"""On the first page; all of them stand further on."""


def paper_of(review: VendorReview) -> Paper:
    """The paper. The same review gives the same paper."""
    measured, notes = review.measured, Notes()
    period = measured.period
    until = f"data until {instant(measured.until)} UTC" if measured.until is not None else "no data"
    figures = tuple(_figure(headline, notes) for headline in review.headlines)
    points = tuple(_point(ask, notes) for ask in review.asks[:ASKS])
    front = (reliability.front_chart(measured, notes),)
    sections = (
        reliability.reliability(measured, notes),
        reliability.incidents(measured, notes),
        reliability.harm(measured, notes),
        supply.money_section(measured, notes),
        supply.capacity(measured, notes),
        standing.risks(measured, notes),
        standing.way_out(measured, notes),
        standing.contract(measured),
        standing.all_asks(review.asks, notes),
        _made(measured),
    )
    return Paper(
        title=f"Vendor review: {measured.name}",
        facts=(
            ("Period", f"{instant(period.start)} to {instant(period.end)} UTC, {period.why}"),
            ("Vendor", ", ".join(filter(None, (measured.vendor, *(kind.replace("_", " ") for kind in measured.kinds))))),
            ("We use", ", ".join(measured.used) or "nothing that is known to run on it"),
        ),
        stamp=f"Made {instant(measured.generated_at)} UTC, {until}",
        sentence=review.sentence,
        figures=figures,
        points_title="Ask for",
        points=points,
        points_empty="Nothing to ask for follows from the figures of this period.",
        front=front,
        unknown=tuple(_unknown(measured)),
        sections=sections,
        notes=tuple(notes.listed()),
    )


def _figure(headline: Headline, notes: Notes) -> Figure:
    cited = notes.cite(headline.basis)
    value = Text("not known", cited, unknown=True) if headline.value is None else Text(headline.value, cited)
    return Figure(headline.label, value, headline.says)


def _point(ask: Ask, notes: Notes) -> Point:
    return Point(ask.text, notes.text(ask.because, ask.basis))


def _unknown(measured: Measured) -> Iterable[str]:
    for what, value in (("Its availability is", measured.mine), ("How late it speaks is", measured.lag)):
        if isinstance(value, Missing):
            yield f"{what} {unknown(value).words}."
    yield from supply.missing_figures(measured)
    if not measured.contracts:
        yield "Contract not known: none with it is on record."


def _made(measured: Measured) -> Section:
    return Section(
        "How this paper was made",
        (
            Prose(
                Text(
                    "Every figure is worked out from what this program stored: what sources said when they were read, the register's "
                    "history, runs and drills. The numbers in brackets lead to the notes, which say how a figure was worked out and name "
                    "what it rests on. What was not read is said to be not known, and is counted neither for nor against the vendor. "
                    "Drills count only as drills. Functions, needs, alternatives and contracts are those of the configuration of "
                    f"version {measured.context}. All times are in UTC."
                )
            ),
        ),
    )
