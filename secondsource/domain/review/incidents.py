"""The incidents that the vendor published, how long they lasted by its account and by ours, and how late it spoke of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from secondsource.domain.observations import Gone, Incident, Observation
from secondsource.domain.review.basis import Basis, Missing, basis
from secondsource.domain.review.episodes import Episode
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.sight import Sight
from secondsource.domain.review.spans import median
from secondsource.domain.scope import Scope
from secondsource.domain.status import Status, rank


class IncidentLine(msgspec.Struct, frozen=True):
    """One incident. Times that the vendor claims: ``claimed_start``, ``first_word`` (its first update), ``claimed_end``.

    Times of our own: ``seen`` and ``seen_over``; None for not yet at the end of the period. ``live``: we were already reading the page, and
    it was not over, when it first stood there; only then do the lags say anything. ``moved`` is by how much the claimed start was
    changed after we first read it.
    """

    subject: str
    title: str
    status: Status  # the worst that was said of it
    components: tuple[str, ...]
    claimed_start: datetime | None
    first_word: datetime | None
    claimed_end: datetime | None
    seen: datetime
    seen_over: datetime | None
    live: bool
    moved: timedelta | None
    episodes: tuple[int, ...]  # numbers of the episodes that it belongs to
    basis: Basis

    @property
    def begun(self) -> datetime:
        """The earlier of what is claimed and what was seen."""
        return min(self.claimed_start or self.seen, self.seen)

    @property
    def lasted(self) -> timedelta | None:
        """By the vendor's account; None where it claims no start or no end."""
        return None if self.claimed_start is None or self.claimed_end is None else max(self.claimed_end - self.claimed_start, timedelta(0))

    @property
    def watched(self) -> timedelta | None:
        """How long the page showed it to us; None where that had not ended, or had when we first looked."""
        return self.seen_over - self.seen if self.live and self.seen_over is not None else None

    @property
    def word_after(self) -> timedelta | None:
        """From the claimed start to the vendor's first update."""
        return None if self.claimed_start is None or self.first_word is None else self.first_word - self.claimed_start

    @property
    def seen_after(self) -> timedelta | None:
        """From the claimed start to our first sight, where we saw it come; negative where we saw it before it is said to have begun."""
        return self.seen - self.claimed_start if self.live and self.claimed_start is not None else None


class Lag(msgspec.Struct, frozen=True, tag=True):
    """How late word came, over the incidents that we saw come. Medians; ``word`` None where no update is timed."""

    count: int
    word: timedelta | None
    seen: timedelta
    worst: timedelta
    basis: Basis


def incidents(facts: Facts, sources: Mapping[str, Sight], troubles: Sequence[Episode]) -> tuple[IncidentLine, ...]:
    """The incidents that touch the period, by their beginning. One that several sources tell of is one."""
    told: dict[str, list[Observation]] = {}
    for observation in facts.observations:
        is_incident = isinstance(observation.body, Incident) or (isinstance(observation.body, Gone) and observation.body.was == "incident")
        if observation.vendor == facts.vendor and is_incident:
            told.setdefault(observation.subject, []).append(observation)
    lines = (_line(subject, found, sources, troubles) for subject, found in told.items())
    kept = [line for line in lines if line is not None and _in_period(line, facts)]
    return tuple(sorted(kept, key=lambda line: (line.begun, line.subject)))


def lag(lines: Iterable[IncidentLine]) -> Lag | Missing:
    """The lags of those seen to come, whose start the vendor claims."""
    counted = [(line, after) for line in lines if (after := line.seen_after) is not None]
    if not counted:
        return Missing("no incident with a claimed start was seen to come in the period")
    seen = [max(after, timedelta(0)) for _, after in counted]
    words = [max(after, timedelta(0)) for line, _ in counted if (after := line.word_after) is not None]
    says = (
        "From the start that the vendor claims to its first update, and to the poll that first showed it to us; only incidents that came "
        "while the page was being read."
    )
    ids = [id_ for line, _ in counted for id_ in line.basis.observations]
    return Lag(len(counted), median(words) if words else None, median(seen), max(seen), basis(says, ids))


def _in_period(line: IncidentLine, facts: Facts) -> bool:
    over = line.claimed_end if line.claimed_end is not None and not line.live else line.seen_over
    return facts.period.touches(line.begun, over)


def _line(subject: str, told: list[Observation], sources: Mapping[str, Sight], troubles: Sequence[Episode]) -> IncidentLine | None:
    said = [(o, o.body) for o in told if isinstance(o.body, Incident)]
    if not said:
        return None
    (first, before), (_, last) = said[0], said[-1]
    over = next((o.observed_at for o in _closing(told)), None)
    starts = [body.started_at for _, body in said if body.started_at is not None]
    words = [update.at for _, body in said for update in body.updates if update.at is not None]
    known = [body.status for _, body in said if body.status is not Status.UNKNOWN]
    seen = first.observed_at
    live = not before.resolved and sources[first.source].service.start < seen
    scopes = tuple(sorted({scope for _, body in said for scope in body.scopes}, key=str)) or (Scope(first.vendor),)
    line = IncidentLine(
        subject=subject,
        title=last.title,
        status=max(known, key=rank) if known else Status.UNKNOWN,
        components=last.components,
        claimed_start=starts[-1] if starts else None,
        first_word=min(words, default=None),
        claimed_end=(last.resolved_at or _last_word(last)) if last.resolved else None,
        seen=seen,
        seen_over=over,
        live=live,
        moved=starts[-1] - starts[0] if starts and starts[-1] != starts[0] else None,
        episodes=(),
        basis=basis("What the vendor's own page said of the incident.", [o.id for o in told]),
    )
    return msgspec.structs.replace(line, episodes=_belongs(line, scopes, troubles))


def _closing(told: list[Observation]) -> list[Observation]:
    """The readings from the last one on that ended it; none where it is open."""
    found: list[Observation] = []
    for observation in reversed(told):
        body = observation.body
        if isinstance(body, Incident) and not body.resolved:
            break
        found.insert(0, observation)
    return found


def _last_word(body: Incident) -> datetime | None:
    return next((update.at for update in body.updates if update.at is not None), None)


def _belongs(line: IncidentLine, scopes: tuple[Scope, ...], troubles: Sequence[Episode]) -> tuple[int, ...]:
    end = line.seen_over or line.claimed_end
    return tuple(
        trouble.number
        for trouble in troubles
        if (end is None or trouble.since <= end)
        and (trouble.ended is None or trouble.ended >= line.seen)
        and any(scope.touches(other) for scope in scopes for other in trouble.scopes)
    )
