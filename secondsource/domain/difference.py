"""What changed in a source since it was last read. What did not change is not sent on; what vanished is said to have vanished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.observations import Gone, Observation, kind_of, observe
from secondsource.domain.scope import Scope

FULL_EVERY = timedelta(hours=6)


class Known(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was last said of a subject: enough to see a change, and to say what it was once it is gone."""

    id: str
    source: str
    vendor: str
    subject: str
    kind: str
    name: str = ""
    scopes: tuple[Scope, ...] = ()


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last picture of one source. ``known`` is keyed by vendor and subject; ``full_at`` is when all of it was last sent."""

    known: Mapping[str, Known] = {}
    full_at: datetime | None = None


NOTHING_YET = Picture()


def _name(observation: Observation) -> str:
    body = observation.body
    for field in ("name", "title", "item"):
        if value := getattr(body, field, ""):
            return str(value)
    return observation.subject


def _known(observation: Observation) -> Known:
    return Known(
        id=observation.id,
        source=observation.source,
        vendor=observation.vendor,
        subject=observation.subject,
        kind=kind_of(observation.body),
        name=_name(observation),
        scopes=getattr(observation.body, "scopes", ()),
    )


def difference(
    picture: Picture,
    observations: Iterable[Observation],
    complete: bool,
    now: datetime,
    full_every: timedelta = FULL_EVERY,
) -> tuple[Picture, tuple[Observation, ...]]:
    """The new picture of a source, and what to send on: the changed observations in their order, then the vanished ones.

    ``observations`` are all that one poll of one source gave, of the real world only (drills do not pass here); of two with
    one subject the last counts. ``complete`` tells that they are the whole picture, so that a subject that is missing has
    vanished. At first and then every ``full_every`` all of them are sent, changed or not, so that whoever joined late or
    lost something comes to know; of a source whose old items merely drop off its end, those are then forgotten without a word.

    The very same picture comes back where there is nothing new to store.
    """
    latest = {f"{o.vendor}\x1f{o.subject}": o for o in observations}
    full = picture.full_at is None or now - picture.full_at >= full_every
    before = picture.known
    changed = [o for key, o in latest.items() if full or key not in before or before[key].id != o.id]
    missing = [key for key in before if key not in latest]
    gone = [before[key] for key in sorted(missing)] if complete else []
    changed += [
        observe(
            source=was.source,
            vendor=was.vendor,
            subject=was.subject,
            observed_at=now,
            body=Gone(was=was.kind, name=was.name, scopes=was.scopes),
        )
        for was in gone
    ]
    if not changed and not full:
        return picture, ()
    known = {key: before[key] if key in before and before[key].id == o.id else _known(o) for key, o in latest.items()}
    if not complete and not full:
        known = {**before, **known}
    return Picture(known, now if full else picture.full_at), tuple(changed)


def says_new(picture: Picture, changed: Iterable[Observation]) -> bool:
    """Whether any of what :func:`difference` sends on is news to ``picture``, the one before, and not only sent again."""
    known = picture.known
    return any((was := known.get(f"{o.vendor}\x1f{o.subject}")) is None or was.id != o.id for o in changed)
