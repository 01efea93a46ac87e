"""The draft of a claim for a missed promise: a letter to the vendor that a person reads, mends and sends."""

from __future__ import annotations

from secondsource.adapters.reports.paper import FIGURES, WHOLE, Column, Figure, Notes, Paper, Point, Section, Table, Text
from secondsource.adapters.reports.words import STATUSES, instant, lasting, percent
from secondsource.domain.portfolio import Contract
from secondsource.domain.review.availability import SlaMonth
from secondsource.domain.review.basis import Basis, basis
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.timeline import Band
from secondsource.domain.sla import TENTHS


def claim_of(measured: Measured, contract: Contract, month: SlaMonth) -> Paper:
    """The draft for ``month`` of ``contract``. The same figures give the same draft."""
    notes = Notes()
    theirs, ours = _bad(measured.bands), _bad(measured.own_bands)
    page = basis("The time down that the vendor's own pages told of; a major outage counts whole, a partial one 0.3.", _ids(theirs))
    own = basis("The time down by our own probes, weighted in the same way.", _ids(ours))
    figures = (
        Figure("Allowed", Text(lasting(month.allowed)), f"{percent(month.promised)} of {month.month}"),
        Figure("By your page", notes.text(lasting(month.down, "no time"), page), "weighted time down"),
        Figure("By our probes", notes.text(lasting(month.own, "no time"), own), "weighted time down"),
        Figure("Not read", Text(lasting(month.unknown)), "counted as up"),
    )
    worse = max(month.down, month.own)
    missed = worse > month.allowed
    said = f"{measured.name} was down for {lasting(worse)} in {month.month}; {percent(month.promised)} allow {lasting(month.allowed)}"
    owed = f"a credit of {percent(month.credit)} of the month's bill is owed" if month.credit is not None else "the credit is to be agreed"
    return Paper(
        title=f"Claim under contract {contract.id}, {month.month}",
        facts=(
            ("To", contract.terms.claim_to or f"{measured.name}; where claims go is not on record"),
            ("Contract", contract.id),
            ("Month", f"{month.month}, in UTC"),
            ("Claim by", f"{month.claim_by:%Y-%m-%d}" if month.claim_by is not None else "not on record"),
        ),
        stamp=f"Draft made {instant(measured.generated_at)} UTC, {_until(measured)}",
        sentence=f"{said}; {owed}." if missed else f"{said}: on these figures nothing can be claimed.",
        figures=figures,
        points_title="Read before you send it",
        points=tuple(_points(month, missed)),
        points_empty="No reservation follows from the figures.",
        front=(),
        unknown=(f"{lasting(month.unknown)} of the month could not be read; the claim counts them as up.",) if month.unknown else (),
        sections=(
            Section("Time down by the vendor's pages", (_table(theirs, page, notes, "The vendor's pages told of none."),)),
            Section("Time down by our own probes", (_table(ours, own, notes, "Our probes found none, or there are none."),)),
            Section("Incidents that the vendor published", (_incidents(measured, notes),)),
        ),
        notes=tuple(notes.listed()),
    )


def _points(month: SlaMonth, missed: bool) -> list[Point]:
    found = []
    if missed and month.down <= month.allowed:
        found.append(
            Point("Only our own probes show the miss.", Text("Check that the contract takes a customer's measurements as evidence."))
        )
    if month.left_out:
        found.append(
            Point(f"{lasting(month.left_out)} during announced work are left out.", Text("The contract on record does not count them."))
        )
    if month.credit is None and missed:
        found.append(
            Point("What is owed is not on record.", Text("Add `credits` to the contract's `sla_terms`, or take it from the text."))
        )
    if month.verdict == "open" or not missed:
        found.append(Point("The month is not settled.", Text("Time that could not be read, or is yet to come, may change these figures.")))
    return found


def _bad(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    return tuple(band for band in bands if band.status in TENTHS)


def _ids(bands: tuple[Band, ...]) -> list[str]:
    return [id_ for band in bands for id_ in band.observations]


def _table(bands: tuple[Band, ...], cited: Basis, notes: Notes, empty: str) -> Table:
    return Table(
        "Times in UTC",
        (Column("From", WHOLE), Column("To", WHOLE), Column("Status"), Column("Lasted", FIGURES)),
        tuple(
            (
                Text(instant(band.start)),
                Text(instant(band.end)),
                notes.text(STATUSES[band.status], cited),
                Text(lasting(band.end - band.start)),
            )
            for band in bands
        ),
        empty,
    )


def _incidents(measured: Measured, notes: Notes) -> Table:
    return Table(
        "In the vendor's own words; times as claimed, in UTC",
        (Column("Incident"), Column("Start", WHOLE), Column("End", WHOLE), Column("Worst status")),
        tuple(
            (
                notes.text(line.title, line.basis),
                Text(instant(line.claimed_start)),
                Text(instant(line.claimed_end)),
                Text(STATUSES[line.status]),
            )
            for line in measured.incidents
        ),
        "None in this month.",
    )


def _until(measured: Measured) -> str:
    return f"data until {instant(measured.until)} UTC" if measured.until is not None else "no data"
