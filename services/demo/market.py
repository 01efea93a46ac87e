"""The company's own watch on the GPU market: it pushes what it finds, as anything internal would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx2

from services.demo import story


class Market:
    """Pushes the offers and the spot price whenever they change."""

    def __init__(self, api: httpx2.AsyncClient, key: str) -> None:
        self._api = api
        self._key = key
        self._told = -1

    def next_due(self) -> datetime | None:
        """When the market next changes."""
        coming = story.MARKET[self._told + 1 :]
        return coming[0].since if coming else None

    async def act(self, now: datetime) -> None:
        """Push what has changed since."""
        index = story.current(story.MARKET, now)
        if index == self._told:
            return
        before = story.MARKET[self._told].offers if self._told >= 0 else {}
        self._told = index
        items = observations(story.MARKET[index], before)
        answer = await self._api.post("/v1/observations", json={"observations": items}, headers={"authorization": f"Bearer {self._key}"})
        answer.raise_for_status()


def observations(market: story.Market, before: dict[str, int]) -> list[dict[str, Any]]:
    """The market as items of ``POST /v1/observations``; what was on offer ``before`` and is not any more is said to be gone."""
    offers = {**dict.fromkeys(before, 0), **market.offers}
    found = [_offer(place, count) for place, count in sorted(offers.items())]
    body = {"kind": "price", "item": "h100", "amount": market.spot, "unit": "accelerator-hour", "dimension": "spot"}
    return [*found, {"vendor": "market", "subject": "price/h100/spot", "body": body}]


def _offer(place: str, count: int) -> dict[str, Any]:
    vendor, _, region = place.partition("/")
    body = {"kind": "offer", "item": "h100", "listed": count > 0, "count": count, "region": region}
    return {"vendor": vendor, "subject": f"offer/h100/{region}", "body": body}
