"""The pages of a vendor review on how it did: status, promises, incidents, and what its trouble did to us."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from secondsource.adapters.reports.paper import (
    FIGURES,
    WHOLE,
    AnyBlock,
    Column,
    Lane,
    Notes,
    Prose,
    Section,
    StatusChart,
    Stretch,
    Table,
    Text,
)
from secondsource.adapters.reports.words import NONE, STATUSES, delay, instant, lasting, percent, unknown
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.basis import Missing
from secondsource.domain.review.episodes import Episode
from secondsource.domain.review.honesty import Honesty
from secondsource.domain.review.incidents import IncidentLine, Lag
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.timeline import Band
from secondsource.domain.status import Status
from secondsource.domain.words import count

PARTS = 8
"""Components whose own timeline is drawn."""

_VERDICTS = {"missed": "missed", "kept": "kept", "open": "not decided"}
_SHOWN = (Status.MAJOR_OUTAGE, Status.PARTIAL_OUTAGE, Status.DEGRADED, Status.MAINTENANCE)


def front_chart(measured: Measured, notes: Notes) -> StatusChart:
    """Status over the period: of what we use, and of the whole."""
    lanes = [Lane("What we use", _stretches(measured.bands))] if measured.used else []
    lanes.append(Lane("All of it", _stretches(measured.whole_bands)))
    if isinstance(measured.own, Availability):
        lanes.append(Lane("By our own probes", _stretches(measured.own_bands)))
    basis = measured.mine.basis if isinstance(measured.mine, Availability) else None
    return StatusChart(
        title="Status by its own account, and by our probes" if isinstance(measured.own, Availability) else "Status by its own account",
        says=notes.text(_seen(measured), basis),
        source=_sources(measured),
        start=measured.period.start,
        end=measured.period.end,
        lanes=tuple(lanes),
    )


def reliability(measured: Measured, notes: Notes) -> Section:
    """Availability, components, promises, sources."""
    used = (
        f"What we use: {', '.join(measured.used)}." if measured.used else "No dependency of ours is known to run on it: it is judged whole."
    )
    blocks: list[AnyBlock] = [Prose(Text(used)), _availability(measured, notes)]
    blocks.append(Prose(_honesty(measured.honesty, notes)))
    parts = measured.parts
    if parts.troubled:
        drawn = parts.troubled[:PARTS]
        left = len(parts.troubled) - len(drawn)
        rest = [f"{count(left, 'further component')} had trouble"] if left else []
        rest += [f"{count(parts.well, 'component')} {'was' if parts.well == 1 else 'were'} well whenever read"] if parts.well else []
        ours = sum(line.ours for line in drawn)
        blocks.append(
            StatusChart(
                title="Components that were not always well",
                says=Text(
                    f"The longest down first; {ours} of {len(drawn)} may be parts that we use" + "".join(f"; {r}" for r in rest) + "."
                ),
                source=_sources(measured),
                start=measured.period.start,
                end=measured.period.end,
                lanes=tuple(Lane(line.name, _stretches(line.bands)) for line in drawn),
            )
        )
    blocks.append(_promises(measured, notes))
    blocks.append(_read(measured))
    return Section("How it did", tuple(blocks))


def incidents(measured: Measured, notes: Notes) -> Section:
    """What it published, and how late."""
    columns = (
        Column("Incident"),
        Column("Worst", WHOLE),
        Column("Began, it says", WHOLE),
        Column("Lasted, it says", FIGURES),
        Column("On its page for us", FIGURES),
        Column("First word after", FIGURES),
        Column("Reached us after", FIGURES),
        Column("Finding"),
    )
    table = Table(
        "Incidents that it published; times in UTC",
        columns,
        tuple(_incident(line, notes) for line in measured.incidents),
        "It published no incident that touches the period, as far as its pages were read.",
    )
    return Section("Incidents and how late it spoke", (table, Prose(_lag(measured.lag, notes))))


def harm(measured: Measured, notes: Notes) -> Section:
    """What its trouble did to us."""
    by_function = Table(
        "By function; time that several findings cover counts once",
        (
            Column("Function"),
            Column("Without it for", FIGURES),
            Column("Hurt for", FIGURES),
            Column("Impact level reached", FIGURES),
            Column("How sure"),
        ),
        tuple(
            (
                notes.text(harm.name, harm.basis),
                Text(lasting(harm.hit)),
                Text(lasting(harm.hurt)),
                Text(f"{harm.level} of 5" if harm.level else "none"),
                Text("sure" if harm.certain else "may have been hit"),
            )
            for harm in measured.harm
        ),
        "No function of ours is known to have been hit by its trouble in the period.",
    )
    blocks: list[AnyBlock] = [by_function, _episodes("Findings on it in the period", measured.episodes, notes)]
    if measured.upstream:
        blocks.append(_episodes("Trouble of its suppliers that reached us by way of it", measured.upstream, notes))
    return Section("What its trouble did to us", tuple(blocks))


def _seen(measured: Measured) -> str:
    bands = measured.bands
    bad = [band for band in bands if band.status not in (Status.OPERATIONAL, Status.UNKNOWN)]
    unread = [band for band in bands if band.status is Status.UNKNOWN]
    said = []
    if bad:
        # the worst that lasted longest is what the eye should find
        worst = max(bad, key=lambda band: (_SHOWN[::-1].index(band.status), band.end - band.start))
        said.append(
            f"The longest {STATUSES[worst.status]} lasted {lasting(worst.end - worst.start)}, from {instant(worst.start)} to "
            f"{instant(worst.end)}"
        )
    else:
        said.append("No trouble in the time that was read" if len(unread) < len(bands) else "Nothing was read")
    if unread:
        said.append(f"{lasting(sum((b.end - b.start for b in unread), start=timedelta(0)))} could not be read")
    return "; ".join(said) + "."


def _stretches(bands: Iterable[Band]) -> tuple[Stretch, ...]:
    return tuple(Stretch(band.status, band.start, band.end) for band in bands)


def _sources(measured: Measured) -> str:
    names = [line.source for line in measured.sources if {"component_status", "incident", "maintenance"} & set(line.kinds)]
    return ", ".join(names) or "no status source"


def _availability(measured: Measured, notes: Notes) -> Table:
    columns = (
        Column(""),
        Column("Up", FIGURES),
        Column("Between", FIGURES),
        Column("Read", FIGURES),
        Column("Not read", FIGURES),
        *(Column(STATUSES[status].capitalize(), FIGURES) for status in _SHOWN),
    )
    rows = [("What we use", measured.mine)] if measured.used else []
    rows += [("All of it", measured.whole), ("By our own probes", measured.own)]
    return Table("Availability, by its own account and by ours", columns, tuple(_up(name, up, notes) for name, up in rows))


def _up(name: str, up: Availability | Missing, notes: Notes) -> tuple[Text, ...]:
    if isinstance(up, Missing):
        return (Text(name), unknown(up), *(Text(NONE) for _ in range(3 + len(_SHOWN))))
    spent = [Text(lasting(up.spent.get(status)) if status in up.spent else "none") for status in _SHOWN]
    return (
        Text(name),
        notes.text(f"{up.up:f} %", up.basis),
        Text(f"{up.least:f} and {up.most:f} %" if up.unknown else NONE),
        Text(lasting(up.known)),
        Text(lasting(up.unknown)),
        *spent,
    )


def _honesty(found: Honesty | Missing, notes: Notes) -> Text:
    if isinstance(found, Missing):
        return Text(f"Whether its pages tell what we would see is not known: {found.reason}.", unknown=True)
    silent, unfelt = lasting(found.unadmitted, "no time"), lasting(found.unfelt, "no time")
    words = (
        f"Of the {lasting(found.compared)} for which both are known, our own probes found it down for {silent} while its pages said "
        f"operational; its pages told of an outage for {unfelt} that our probes did not feel."
    )
    return notes.text(words, found.basis)


def _promises(measured: Measured, notes: Notes) -> Table:
    cited = measured.mine.basis if isinstance(measured.mine, Availability) else None
    return Table(
        "What was promised, by month; the contract's own way of counting may differ",
        (
            Column("Contract"),
            Column("Month", WHOLE),
            Column("Promised", FIGURES),
            Column("May be down", FIGURES),
            Column("Was down, weighted", FIGURES),
            Column("Read in the period", FIGURES),
            Column("Verdict"),
        ),
        tuple(
            (
                Text(month.contract),
                Text(month.month),
                Text(percent(month.promised)),
                Text(lasting(month.allowed)),
                notes.text(lasting(month.down), cited),
                Text(lasting(month.known)),
                Text(_VERDICTS[month.verdict], unknown=month.verdict == "open"),
            )
            for month in measured.sla
        ),
        "Not known: no contract on record promises an availability.",
    )


def _read(measured: Measured) -> Table:
    return Table(
        "What was read",
        (Column("Source"), Column("By"), Column("Told of"), Column("Readable for", FIGURES)),
        tuple(
            (
                Text(line.source),
                Text(", ".join(line.connectors) or "pushed"),
                Text(", ".join(kind.replace("_", " ") for kind in line.kinds) or "nothing of it"),
                Text(f"{lasting(line.readable)} of {lasting(measured.period.length)}"),
            )
            for line in measured.sources
        ),
        "Nothing was read of it.",
    )


def _incident(line: IncidentLine, notes: Notes) -> tuple[Text, ...]:
    lasted = lasting(line.lasted, "no time") if line.lasted is not None else "not over" if line.seen_over is None else "not said"
    watched = lasting(line.watched) if line.live else "not seen live"
    moved = f" (moved by {lasting(abs(line.moved))})" if line.moved else ""
    return (
        notes.text(line.title, line.basis),
        Text(
            "impact not stated"
            if line.status is Status.UNKNOWN
            else "no impact"
            if line.status is Status.OPERATIONAL
            else STATUSES[line.status]
        ),
        Text(instant(line.claimed_start) + moved),
        Text(lasted),
        Text("still there" if line.live and line.seen_over is None else watched),
        Text(delay(line.word_after)),
        Text(delay(line.seen_after, "before it began") if line.live else NONE),
        Text(", ".join(f"no. {number}" for number in line.episodes) or "none"),
    )


def _lag(lag: Lag | Missing, notes: Notes) -> Text:
    if isinstance(lag, Missing):
        return Text(f"How late it speaks is not known: {lag.reason}.", unknown=True)
    word = f"Its first word came {delay(lag.word)} after the start that it claims" if lag.word is not None else "Its updates carry no times"
    reached = f"it reached us {delay(lag.seen)} after that start, at worst {delay(lag.worst)}"
    text = f"{word}; {reached}. Medians of {count(lag.count, 'incident')}."
    return notes.text(text, lag.basis)


def _episodes(caption: str, found: tuple[Episode, ...], notes: Notes) -> Table:
    return Table(
        f"{caption}; times in UTC",
        (Column("No.", FIGURES), Column("Finding"), Column("Since", WHOLE), Column("Until", WHOLE), Column("Functions hit")),
        tuple(
            (
                Text(str(episode.number)),
                notes.text(f"{episode.title} ({episode.risk})", episode.basis),
                Text(instant(episode.since)),
                Text(instant(episode.ended) if episode.ended else "not over"),
                Text("; ".join(_hit(harm.name, harm.certain, harm.chain) for harm in episode.harms) or "none"),
            )
            for episode in found
        ),
        "No finding of an outage touches the period.",
    )


def _hit(name: str, certain: bool, chain: tuple[str, ...]) -> str:
    return f"{'' if certain else 'perhaps '}{name}, by {' → '.join(chain[1:])}"
