"""Price lists, spot prices and offers of a day, and the news about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from benchmarks.chance import chance, whole
from benchmarks.polls import Said, Watched
from benchmarks.story import MINUTES, RAISED, REGIONS, SHORT, SHORTAGE, SPIKE, START, listed, rise, traded, vendor
from secondsource.domain.money import Unit
from secondsource.domain.observations import Batch, Label, News, Offer, Price

_CHIPS = ("a100", SHORT, "h200", "b200", "l40s", "mi300x")
_LIST = 1100
_QUARTER = timedelta(minutes=15)


def price_list() -> Iterator[Batch]:
    """One list with the prices of a dozen vendors, read every hour."""
    source = Watched("price-list", vendor(0), "litellm_prices", timedelta(hours=1))
    changes: dict[int, int] = {}
    for hour in range(24):
        if hour % 8 == 3:  # a small move, as happens a few times a day
            changes[whole(10, _LIST - 1, "moved", hour)] = hour
        new = hour % 8 == 3 or hour == RAISED[0] or source.stale(listed(hour))
        yield from source.poll(listed(hour), _prices(hour, changes) if new else None)


def _prices(hour: int, changes: dict[int, int]) -> Said:
    for number in range(_LIST):
        model, dimension = divmod(number, 2)
        amount = Decimal(whole(10, 6000, "price", number)) / 100
        if number in changes:
            amount += amount / 50
        if number == 0 and hour >= RAISED[0]:
            amount = rise(amount, RAISED[1])
        kind = "output" if dimension else "input"
        original = f"{amount / 1_000_000:e}"
        body = Price(f"model-{model}", amount, Unit.MILLION_TOKENS, dimension=kind, original=original)
        yield vendor(model * 12 // (_LIST // 2)), f"price/model-{model}/{kind}", body


def market(number: int) -> Iterator[Batch]:
    """Offers of one seller and its spot prices, read every quarter of an hour."""
    name = vendor(number + 1)
    source = Watched(f"market-{number}", name, "offers", _QUARTER)
    for minute in range(5, MINUTES, 15):
        yield from source.poll(traded(number, minute), [*_offers(number, minute), *_spot(number, minute)])


def _offers(number: int, minute: int) -> Said:
    name = vendor(number + 1)
    for chip in _CHIPS:
        scarce = chip == SHORT and SHORTAGE[0] <= minute < SHORTAGE[1]
        for size in range(10):
            # of ten offers of the scarce chip eight vanish; the count of the others moves in one reading of four
            count = 0 if scarce and size < 8 else 1 + whole(0, 7, "count", number, chip, size, minute // 60)
            price = Decimal(whole(150, 900, "offer", number, chip, size)) / 100
            if scarce:
                price = rise(price, 0.4)
            yield name, f"offer/{chip}/{size}x", Offer(chip, count > 0, count, price, region=REGIONS[size % 3])


def _spot(number: int, minute: int) -> Said:
    name = vendor(number + 1)
    for index, region in enumerate(REGIONS):
        for chip in (chip for chip in _CHIPS if chip != SHORT):
            base = Decimal(whole(80, 300, "spot", number, chip, index))
            amount = round(base * (1 + Decimal(whole(-20, 20, "noise", number, chip, index, minute)) / 1000)) / Decimal(100)
            if (number, chip, index) == (0, "a100", 0) and minute >= SPIKE[0]:
                amount = rise(amount, SPIKE[1])
            yield name, f"price/{chip}/spot/{region}", Price(chip, amount, Unit.ACCELERATOR_HOUR, dimension="spot", region=region)


def news(number: int) -> Iterator[Batch]:
    """A feed of the trade press: some eight stories a day, of which one in forty says shortage of something."""
    source = Watched(f"news-{number}", "press", "news_feed", _QUARTER)
    for minute in range(0, MINUTES, 15):
        at = START + timedelta(minutes=minute, seconds=20 + number)
        newest = minute // 180
        new = minute % 180 == 0 or source.stale(at)
        yield from source.poll(at, [_story(number, newest - age) for age in range(25)] if new else None)


def _story(feed: int, serial: int) -> tuple[str, str, News]:
    drawn = chance("story", feed, serial)
    labels = (Label("shortage", ("tight supply",), 0.2),) if drawn < 0.025 else (Label("price", ("prices",)),) if drawn < 0.3 else ()
    entities = ("memory/ddr5",) if drawn < 0.025 else (f"vendor/{vendor(whole(0, 30, 'about', feed, serial))}",)
    title = f"Story {serial} of feed {feed}: what was said of {entities[0]}"
    published = START + timedelta(minutes=180 * serial)
    body = News(title, f"{title}. " * 4, f"https://press.example/{feed}/{serial}", published, "The Press", labels, entities)
    return "press", f"news/{feed}-{serial}", body
