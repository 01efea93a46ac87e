"""The first page in words: the sentence and the four figures that a busy reader takes away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec

from secondsource.domain.figures import percent, plain
from secondsource.domain.review.asks import LATE
from secondsource.domain.review.availability import Availability
from secondsource.domain.review.basis import Basis
from secondsource.domain.review.incidents import Lag
from secondsource.domain.review.measured import Measured
from secondsource.domain.review.prices import Prices
from secondsource.domain.review.spans import lasting
from secondsource.domain.review.spend import Spending
from secondsource.domain.review.wayout import Alternative
from secondsource.domain.words import count


class Headline(msgspec.Struct, frozen=True):
    """One of the four figures. ``value`` None: not known, and ``says`` tells why."""

    label: str
    value: str | None
    says: str
    basis: Basis | None


def headlines(measured: Measured) -> tuple[Headline, Headline, Headline, Headline]:
    """Reliability, harm, money, way out."""
    return _up(measured), _harm(measured), _money(measured), _leaving(measured)


def sentence(measured: Measured) -> str:
    """How it did, what that did to us, how late it spoke where it was late, what leaving would take, and by when to decide."""
    return "; ".join(_clauses(measured)) + "."


def best(measured: Measured) -> Alternative | None:
    """The alternative to speak of: sound and outside, for the need that hurts first, then the one that carries most, then the quickest."""
    sound = [alternative for alternative in measured.way_out.alternatives if alternative.sound and alternative.outside]
    return min(
        sound,
        key=lambda one: (
            one.needed_within is None,
            one.needed_within or timedelta(0),
            bool(one.doubt),
            -one.capacity,
            one.switch_time,
            one.name,
        ),
        default=None,
    )


def _clauses(measured: Measured) -> Iterator[str]:
    up = measured.mine
    of_ours = f"What we use of {measured.name}" if measured.used else measured.name
    if isinstance(up, Availability):
        unread = f", with {lasting(up.unknown)} unread" if up.unknown >= timedelta(minutes=1) else ""
        yield f"{of_ours} was up {up.up:f} % of the time by its own account{unread}"
    else:
        yield f"How {measured.name} did is not known: {up.reason}"
    hurt = [harm for harm in measured.harm if harm.certain and harm.hurt]
    if hurt:
        more = f" (and {len(hurt) - 1} more)" if len(hurt) > 1 else ""
        yield f"{hurt[0].name}{more} was hurt for {lasting(hurt[0].hurt)}"
    elif measured.episodes:
        yield "no function of ours is known to have been hurt"
    if isinstance(measured.lag, Lag) and measured.lag.word is not None and measured.lag.word >= LATE:
        yield f"its first word came {lasting(measured.lag.word)} after the start that it claims"
    yield from _leave_clause(measured)
    dates = [line.notice_by for line in measured.contracts if line.notice_by is not None and (line.days_left or 0) >= 0]
    if dates:
        yield f"notice must be given by {min(dates)}"


def _leave_clause(measured: Measured) -> Iterator[str]:
    bare, way = measured.way_out.bare, best(measured)
    if bare:
        more = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
        yield f"outside it no alternative is known to help {bare[0]}{more}"
    elif way is not None:
        tested = f"drilled on {way.tested_at:%Y-%m-%d}" if way.tested_at else "never drilled"
        yield f"{way.name} could take {percent(way.capacity)} of it in {lasting(way.takes)}, {tested}"


def _up(measured: Measured) -> Headline:
    up = measured.mine
    what = "What we use, up by its own account" if measured.used else "Up, by its own account"
    if not isinstance(up, Availability):
        return Headline(what, None, up.reason, None)
    says = f"{lasting(up.down)} down, weighted" if up.down else "never down"
    if up.unknown:
        says += f"; {lasting(up.unknown)} could not be read, so between {up.least:f} and {up.most:f} % of the whole"
    else:
        says += "; all of the period could be read"
    return Headline(what, f"{up.up:f} %", says, up.basis)


def _harm(measured: Measured) -> Headline:
    label = "Functions hurt by it"
    sure = [harm for harm in measured.harm if harm.certain]
    hurt = [harm for harm in sure if harm.hurt]
    if hurt:
        worst = hurt[0]
        others = f"; {count(len(hurt) - 1, 'other function')} too" if len(hurt) > 1 else ""
        says = f"{worst.name}: without it for {lasting(worst.hit)}, of that hurt for {lasting(worst.hurt)}{others}"
        return Headline(label, lasting(worst.hurt), says, worst.basis)
    if sure:
        worst = sure[0]
        return Headline(label, "none", f"{worst.name} was without it for {lasting(worst.hit)}, which it bore", worst.basis)
    if measured.harm:
        worst = measured.harm[0]
        says = f"{worst.name} may have been hit for {lasting(worst.hit)}; that it was is not sure"
        return Headline(label, None, says, worst.basis)
    if measured.episodes:
        return Headline(
            label, "none", "it was in trouble, and no function of ours is known to rest on what was", measured.episodes[0].basis
        )
    if isinstance(measured.mine, Availability):
        return Headline(label, "none", "no trouble of it was found in the period", measured.mine.basis)
    return Headline(label, None, measured.mine.reason, None)


def _money(measured: Measured) -> Headline:
    spending, prices = measured.spending, measured.prices
    moved = [series for series in prices.moved if series.ours and series.change] if isinstance(prices, Prices) else []
    if moved and moved[0].change is not None:
        way = "up" if moved[0].change > 0 else "down"
        about = f"price of {moved[0].name} {way} {plain(abs(moved[0].change))} %"
    elif isinstance(prices, Prices):
        about = "no price of what we use moved" if prices.ours else "no price of what we use is read"
    else:
        about = f"prices not known: {prices.reason}"
    if not isinstance(spending, Spending):
        return Headline("Cost a month", None, f"{spending.reason}; {about}", prices.basis if isinstance(prices, Prices) else None)
    how = "" if spending.billed else ", as declared"
    return Headline(
        "Cost a month",
        f"{plain(spending.monthly, 0)} {spending.currency}",
        f"{plain(spending.share)} % of our known spend{how}; {about}",
        spending.basis,
    )


def _leaving(measured: Measured) -> Headline:
    label, out, way = "To move away", measured.way_out, best(measured)
    if not out.functions:
        return Headline(label, "nothing to move", "no function of ours is known to rest on it directly", out.basis)
    if way is None:
        inside = [alternative.name for alternative in out.alternatives if alternative.sound]
        only = f"; within it there is {inside[0]}" if inside else ""
        return Headline(label, "no way known", f"outside it no alternative is known to help {', '.join(out.bare[:3])}{only}", out.basis)
    drilled = f"drilled on {way.tested_at:%Y-%m-%d}" if way.tested_at else "never drilled"
    tested = f"as {drilled}" if way.tested_in is not None else f"as declared; {drilled}"
    bare = f"; none is known to help {', '.join(out.bare[:2])}" if out.bare else ""
    return Headline(
        label,
        lasting(way.takes),
        f"to {way.name}, for {percent(way.capacity)} of the load, {tested}{bare}",
        out.basis,
    )
