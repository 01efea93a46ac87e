"""What GPU clouds offer now, and at what price for one GPU and hour: RunPod, Vast.ai, Lambda and Prime Intellect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen, currency_in, each, price_in
from secondsource.contracts.reading import Node, SourceConfig, canonical, document
from secondsource.domain.items import accelerator
from secondsource.domain.money import Unit
from secondsource.domain.observations import Offer, Price
from secondsource.domain.text import tidy

_ACCEPT = {"accept": "application/json"}
_PAGE = 100  # of Prime Intellect
_MICRO = Decimal("1e-6")
_CLOUDS = {"secure": "secure cloud", "community": "community cloud"}
_QUERY = (
    "query { gpuTypes { id displayName memoryInGb securePrice communityPrice secureSpotPrice communitySpotPrice "
    "secure: lowestPrice(input: {gpuCount: 1, secureCloud: true}) { stockStatus } "
    "community: lowestPrice(input: {gpuCount: 1, secureCloud: false}) { stockStatus } } }"
)
_SOLD_OUT = frozenset({"unavailable", "out of stock", "none"})


class Config(SourceConfig):
    """A market and what to read of it. The shape of the answer tells whose it is; the address tells how to ask:

    - ``https://api.runpod.io/graphql``
    - ``https://console.vast.ai/api/v0/bundles/``
    - ``https://cloud.lambda.ai/api/v1/instance-types`` (wants a credential)
    - ``https://api.primeintellect.ai/api/v1/availability/gpus`` (wants a credential)
    """

    items: tuple[str, ...] = Field(default=(), description="Read these accelerators only, with * and ?: H100*; all of them if empty.")
    names: tuple[str, ...] = Field(
        default=("H100 SXM", "H100 NVL", "H100 PCIE", "H200", "H200 NVL", "B200", "A100 SXM4", "A100 PCIE", "L40S", "RTX 4090", "RTX 5090"),
        description="Vast.ai: the GPUs to ask for, in its own words.",
    )
    limit: int = Field(default=1000, ge=1, le=5000, description="Vast.ai: how many offers to ask for; more of them are not seen.")
    placeholders: tuple[Decimal, ...] = Field(default=(Decimal("0.5"),), description="RunPod: amounts that stand where there is no price.")
    vendors: Mapping[str, str] = Field(
        default={}, description="Prime Intellect: the vendor's id for a cloud; one that is not named keeps its word."
    )


class GpuOffers:
    """An offer for each kind of GPU, market and place; list prices of RunPod and Lambda, and bids of Vast.ai, are prices too.

    Prices are for one GPU, whatever the machine, to the millionth. A price of 0 says that there is no offer. What others ask on a
    market place is told with the offer only: it is no list price that somebody changes.
    """

    spec: ClassVar[Spec] = Spec(
        name="gpu_offers",
        summary="GPU offers and prices of RunPod, Vast.ai, Lambda and Prime Intellect",
        config=Config,
        interval=timedelta(minutes=10),
        kinds=("offer", "price"),
        documentation="https://docs.runpod.io/sdks/graphql/manage-pods",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """One request, as the service behind the address wants it."""
        assert isinstance(config, Config)
        path = urlsplit(config.url).path.rstrip("/")
        if path.endswith("/graphql"):
            return (_post(config, {"query": _QUERY}),)
        if path.endswith("/bundles"):
            names = {"gpu_name": {"in": config.names}} if config.names else {}
            free = {"rentable": {"eq": True}, "rented": {"eq": False}}
            return (_post(config, {**free, **names, "type": "on-demand", "order": [["id", "asc"]], "limit": config.limit}),)
        return (_page(config, 1) if "/availability" in path else Request(config.url, headers=_ACCEPT, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The offers of the accelerators asked for. An answer of another shape is a ParseError."""
        assert isinstance(config, Config)
        root = _root(response.body)
        read = _reader(root)
        if read is None:
            raise _explain(root)
        sheet = PriceSheet()
        complete, total = read(root, config, sheet)
        if not len(sheet):
            sheet.note("nothing that is offered fits `items`")
        page = int(response.memo or 1)
        return sheet.parsed(complete=complete, next_request=_page(config, page + 1) if page * _PAGE < total else None)

    def recognise(self, response: Response) -> float:
        """By the shape of the answer."""
        try:
            return 0.95 if _reader(_root(response.body)) else 0.0
        except ParseError:
            return 0.0


_Reader = Callable[[Node, Config, PriceSheet], tuple[bool, int]]
"""Reads an answer into a sheet; tells whether it is the whole picture, and how many entries there are over all pages (0: one page)."""


def _post(config: Config, body: object) -> Request:
    headers = {**_ACCEPT, "content-type": "application/json"}
    return Request(config.url, method="POST", headers=headers, body=msgspec.json.encode(body), auth=config.auth)


def _page(config: Config, number: int) -> Request:
    params = {"page": str(number), "page_size": str(_PAGE)}
    return Request(config.url, headers=_ACCEPT, params=params, auth=config.auth, memo=str(number))


def _root(body: bytes) -> Node:
    """The answer; of a recorded market, one snapshot a line, the last line."""
    if b'"by_provider"' in body:
        lines = body.rstrip().splitlines()
        last = document(lines[-1])
        return Node(last.value, f"line {len(lines)}")
    return document(body)


def _reader(root: Node) -> _Reader | None:
    """What reads an answer of this shape."""
    data = root.value.get("data") if isinstance(root.value, dict) else None
    if isinstance(data, dict) and data.get("gpuTypes") is not None:
        return _runpod
    if isinstance(data, dict) and data and all(isinstance(entry, dict) and "instance_type" in entry for entry in data.values()):
        return _lambda
    for key, also, read in (("offers", "", _vast), ("items", "totalCount", _prime), ("by_provider", "gpu_type", _snapshot)):
        if root.has(key) and (not also or root.has(also)):
            return read
    return None


def _explain(root: Node) -> ParseError:
    """Why the answer can not be read: in the service's own words, where it has some."""
    for key in ("errors", "error", "detail", "msg"):
        if root.has(key):
            told = root[key].value
            first = told[0] if isinstance(told, list) and told else told
            words = first.get("message", first) if isinstance(first, dict) else first
            return root[key].fail(f"the service answers with an error: {tidy(str(words), 300)}")
    known = "RunPod has data.gpuTypes, Vast.ai offers, Lambda data.*.instance_type, Prime Intellect items"
    return root.fail(f"no answer of a service that is known: {known}")


def _chip(*names: str | None) -> str:
    """The accelerator that the names mean, else the first name."""
    said = [name for name in names if name]
    return next((chip for name in said if (chip := accelerator(name))), tidy(said[0], 60))


def _wanted(item: str, name: str, config: Config, sheet: PriceSheet) -> bool:
    if chosen(item, config.items) or chosen(name, config.items):
        return True
    sheet.leave_out("GPUs that are not asked for")
    return False


def _one(node: Node, count: Decimal | int) -> Decimal | None:
    """The price of one GPU of ``count``; None for 0 (and less than half a millionth), which says that nothing is offered."""
    value = price_in(node)
    return canonical(each(value, count).quantize(_MICRO, ROUND_HALF_EVEN)) or None


def _some(node: Node) -> list[Node]:
    """The members of a list that has some: an answer without any would read as a whole market that is sold out."""
    found = node.items()
    if not found:
        raise node.fail("the list is empty; that nothing at all is offered is not believed")
    return found


def _gpus(node: Node) -> int:
    """How many GPUs; 0 for a machine without."""
    value = node.number()
    if value != int(value) or not 0 <= value <= 10_000:
        raise node.fail(f"{value:f} is no number of GPUs")
    return int(value)


def _runpod(root: Node, config: Config, sheet: PriceSheet) -> tuple[bool, int]:
    for gpu in _some(root["data"]["gpuTypes"]):
        key, name = gpu["id"].text(), gpu["displayName"].text()
        item = _chip(name, key)
        if key == "unknown":
            sheet.leave_out("entries without a GPU")
        elif _wanted(item, name, config, sheet):
            for cloud in _CLOUDS:
                _cloud(gpu, cloud, item, tidy(name, 60), config, sheet)
    return True, 0


def _cloud(gpu: Node, cloud: str, item: str, name: str, config: Config, sheet: PriceSheet) -> None:
    """One of RunPod's two clouds. Without word of the stock, a price alone says that there is an offer."""
    out = gpu.has(cloud) and not gpu[cloud].has("stockStatus")
    for market, field in (("on_demand", "Price"), ("spot", "SpotPrice")):
        node = gpu.get(cloud + field)
        if node is None:
            continue
        placeholder = node.number() in config.placeholders
        if placeholder:
            sheet.leave_out(f"prices that are placeholders ({node.number():f})")
            if not gpu.has(cloud):
                continue  # whether there is an offer is not known either
        price = None if placeholder else _one(node, 1)
        if price is not None:
            conditions = f"{name}, {_CLOUDS[cloud]}"
            original = f"{node.number():f} USD per hour and GPU"
            sheet.price(Price(item, price, Unit.ACCELERATOR_HOUR, dimension=market, conditions=conditions, original=original))
        listed = not out and (placeholder or price is not None)
        told = price if listed and market == "on_demand" else None  # a spot price has its own reading
        sheet.offer(Offer(item, listed, price=told, market=market), name, _CLOUDS[cloud])


def _vast(root: Node, config: Config, sheet: PriceSheet) -> tuple[bool, int]:
    offers = _some(root["offers"])
    machines: dict[tuple[str, str, str | None], dict[str, int]] = {}
    lowest: dict[tuple[str, str, str | None], Decimal] = {}
    bids: dict[tuple[str, str, str | None], tuple[Decimal, str]] = {}
    for offer in offers:
        name = tidy(offer["gpu_name"].text(), 60)
        item, count = _chip(name), _gpus(offer["num_gpus"])
        if count == 0 or offer["rented"].value is True or offer["rentable"].value is False:
            sheet.leave_out("offers that can not be rented")
            continue
        if not _wanted(item, name, config, sheet):
            continue
        place = offer.text_of("geolocation")
        key = item, name, tidy(place.rpartition(",")[2], 60) if place else None
        # a machine is offered whole and in parts: its largest offer counts
        parts = machines.setdefault(key, {})
        machine = str(offer["machine_id"].number())
        parts[machine] = max(parts.get(machine, 0), count)
        if (price := _one(offer["dph_base"], count)) is not None:
            lowest[key] = min(lowest.get(key, price), price)
        if (node := offer.get("min_bid")) is not None and (bid := _one(node, count)) is not None:
            told = bid, f"{node.number():f} USD per hour for {count}"
            bids[key] = min(bids.get(key, told), told)
    for key, parts in machines.items():
        item, name, region = key
        sheet.offer(Offer(item, True, count=sum(parts.values()), price=lowest.get(key), region=region), name)
    for (item, name, region), (bid, original) in bids.items():
        conditions = f"{name}, lowest bid"
        body = Price(item, bid, Unit.ACCELERATOR_HOUR, dimension="spot", region=region, conditions=conditions, original=original)
        sheet.price(body)
    return len(offers) < config.limit, 0


def _lambda(root: Node, config: Config, sheet: PriceSheet) -> tuple[bool, int]:
    for key, entry in root["data"].entries():
        kind = entry["instance_type"]
        name = tidy(kind.text_of("name") or key, 60)
        item = _chip(kind.text_of("gpu_description") or kind.text_of("description"), name)
        count = _gpus(kind["specs"]["gpus"])
        if count == 0:
            sheet.leave_out("machines without a GPU")
            continue
        if not _wanted(item, name, config, sheet):
            continue
        cents = kind["price_cents_per_hour"]
        price = _one(cents, count * 100)
        regions = [tidy(region["name"].text(), 60) for region in entry["regions_with_capacity_available"].items()]
        if price is not None:
            original = f"{cents.number():f} US cents per hour for {count}"
            sheet.price(Price(item, price, Unit.ACCELERATOR_HOUR, dimension="on_demand", conditions=name, original=original))
        for region in regions:
            sheet.offer(Offer(item, True, price=price, region=region), name)
        if not regions:
            sheet.offer(Offer(item, False), name)
    return True, 0


def _prime(root: Node, config: Config, sheet: PriceSheet) -> tuple[bool, int]:
    total = int(root["totalCount"].number())
    for entry in root["items"].items() if total else _some(root["items"]):
        name = tidy(entry["gpuType"].text(), 60)
        item, count = _chip(name), _gpus(entry["gpuCount"])
        if count == 0:
            sheet.leave_out("machines without a GPU")
            continue
        if not _wanted(item, name, config, sheet):
            continue
        prices = entry["prices"]
        node = prices.get("communityPrice") or prices.get("onDemand")
        price = None if node is None else _one(node, count)
        stock = entry["stockStatus"].text()
        listed = stock.lower() not in _SOLD_OUT
        seller = entry.text_of("provider")
        region = entry.text_of("country") or entry.text_of("region")
        body = Offer(
            item,
            listed,
            price=price if listed else None,
            currency=currency_in(prices["currency"]) if prices.has("currency") else "USD",
            region=tidy(region, 60) if region else None,
            market="spot" if entry.has("isSpot") and entry["isSpot"].value is True else "on_demand",
        )
        parts = (
            f"{count}x {name}",
            entry.text_of("socket"),
            entry.text_of("dataCenter"),
            entry["cloudId"].text(),
            entry.text_of("security"),
        )
        sheet.offer(body, *parts, vendor=_vendor(seller, config))
    return True, total


def _vendor(seller: str | None, config: Config) -> str | None:
    return config.vendors.get(seller, tidy(seller, 60)) if seller else None


def _snapshot(root: Node, config: Config, sheet: PriceSheet) -> tuple[bool, int]:
    name = tidy(root["gpu_type"].text(), 60)
    item = _chip(name)
    at = root["timestamp"].instant()
    if _wanted(item, name, config, sheet):
        for seller, offers in _sellers(root):
            price = _one(offers["min"], 1)
            body = Offer(item, price is not None and offers["count"].number() > 0, price=price)
            sheet.offer(body, name, vendor=_vendor(seller, config), at=at)
    return True, 0


def _sellers(root: Node) -> Iterator[tuple[str, Node]]:
    if not root["by_provider"].mapping():
        raise root["by_provider"].fail("it is empty; that nothing at all is offered is not believed")
    for seller, offers in root["by_provider"].entries():
        if not seller.strip():
            raise offers.fail("the seller has no name")
        yield seller, offers
