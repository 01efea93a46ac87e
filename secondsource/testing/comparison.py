"""Two sets of rules over the same history: what each would have found that the other would not, how much earlier, how much noisier."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec

from secondsource.domain.signals import Signal
from secondsource.testing.scoring import Episode, Labelled, Scored, episodes, score

NEAR = timedelta(hours=1)
"""Two episodes of one key are the same stay in trouble where they overlap, or lie so near to each other."""


class RuleChange(msgspec.Struct, frozen=True):
    """One rule, A against B. ``earlier`` and ``later`` count episodes that B opened before or after A; ``shift`` is the median of B's
    opening after A's over those in both, in seconds. ``scored`` are both against labelled truth, where there is some."""

    rule: str
    episodes: tuple[int, int]
    notices: tuple[int, int]
    both: int
    only: tuple[tuple[str, ...], tuple[str, ...]]
    earlier: int
    later: int
    shift: float | None
    scored: tuple[Scored, Scored] | None = None


def compare(a: Iterable[Signal], b: Iterable[Signal], truth: Sequence[Labelled] | None = None) -> list[RuleChange]:
    """By rule, sorted by its id; rules that found nothing in either are left out unless there is truth to hold them against."""
    first, second = episodes(a), episodes(b)
    rules = sorted({each.rule for each in (*first, *second)})
    return [_change(rule, first, second, truth) for rule in rules]


def _change(rule: str, first: Sequence[Episode], second: Sequence[Episode], truth: Sequence[Labelled] | None) -> RuleChange:
    mine, theirs = [each for each in first if each.rule == rule], [each for each in second if each.rule == rule]
    left, pairs = list(theirs), []
    for episode in mine:
        same = next((other for other in left if other.key == episode.key and _same(episode, other)), None)
        if same is not None:
            left.remove(same)
            pairs.append((episode, same))
    paired = {id(one) for one, _ in pairs}
    shifts = sorted((other.opened - one.opened).total_seconds() for one, other in pairs)
    middle = len(shifts) // 2
    scored = None if truth is None else (score(rule, mine, truth), score(rule, theirs, truth))
    return RuleChange(
        rule=rule,
        episodes=(len(mine), len(theirs)),
        notices=(sum(each.notices for each in mine), sum(each.notices for each in theirs)),
        both=len(pairs),
        only=(tuple(_named(each) for each in mine if id(each) not in paired), tuple(_named(each) for each in left)),
        earlier=sum(shift < 0 for shift in shifts),
        later=sum(shift > 0 for shift in shifts),
        shift=None if not shifts else shifts[middle] if len(shifts) % 2 else (shifts[middle - 1] + shifts[middle]) / 2,
        scored=scored,
    )


def _same(one: Episode, other: Episode) -> bool:
    return (one.cleared is None or other.opened <= one.cleared + NEAR) and (other.cleared is None or one.opened <= other.cleared + NEAR)


def _named(episode: Episode) -> str:
    return f"{episode.key} {episode.opened:%Y-%m-%d %H:%M}"
