"""A made-up day of an estate as its log holds it: what each poll of each source changed, in batches of their natural size.

What is read when, and how much of it moves, follows what recorded pages, price lists and quotas of real providers do:

- status pages are read every minute and hardly ever say anything new; that a poll went well is one observation of its own;
- of a price list with a thousand prices, a few change in a week; spot prices move a little each time;
- offers keep their price and change their count; most quotas lie idle, and those in use move at each reading;
- what did not change is left out (by ``secondsource.domain.difference`` itself), but every six hours all is told again;
- one batch in twenty is delivered a second time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.chance import chance, whole
from benchmarks.markets import market, news, price_list
from benchmarks.pages import status_page
from benchmarks.story import LEAST_VENDORS, MARKETS, MINUTES, START
from benchmarks.usage import GAUGED, bills, gauge
from secondsource.domain.observations import Batch, tick

FEEDS = 4
TWICE = 0.05


def day(vendors: int) -> Iterator[Batch]:
    """The log of the day, with a tick every minute. ``vendors`` have a status page each; those beyond the story's are quiet."""
    if vendors < LEAST_VENDORS:
        raise ValueError(f"the story needs {LEAST_VENDORS} vendors, {vendors} are too few")
    sources = [
        *(status_page(number) for number in range(vendors)),
        *(gauge(number) for number in GAUGED),
        *(market(number) for number in range(MARKETS)),
        *(news(number) for number in range(FEEDS)),
        price_list(),
        bills(vendors),
        _ticks(),
    ]
    again: list[tuple[int, Batch]] = []
    for place, batch in enumerate(heapq.merge(*sources, key=lambda batch: batch.at)):
        yield batch
        if chance("twice", place) < TWICE:
            again.append((place + whole(1, 20, "later", place), batch))
        while again and again[0][0] <= place:
            yield again.pop(0)[1]
    yield from (batch for _, batch in again)


def _ticks() -> Iterator[Batch]:
    for minute in range(1, MINUTES + 1):
        yield tick(START + timedelta(minutes=minute))
