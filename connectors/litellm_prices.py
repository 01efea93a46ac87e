"""Prices and retirement dates of models from LiteLLM's list (model_prices_and_context_window.json)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, NamedTuple

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen, price_in
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price, Retirement
from secondsource.domain.text import tidy

# The names of prices, as they are: input_cost_per_token_above_200k_tokens, cache_read_input_audio_token_cost, ...
_PLAIN = re.compile(r"(?P<way>input|output)_cost_per_(?:(?P<sort>[a-z]+)_)?token(?:_(?P<rest>\w+))?")
_CACHE = re.compile(r"cache_(?P<way>read|creation)_input(?:_(?P<sort>[a-z]+))?_token_cost(?:_(?P<rest>\w+))?")
_OTHER = re.compile(r"(?P<way>input|output)_cost_per_(?:(?P<sort>audio|video)_per_)?(?P<thing>image|query|second)(?:_(?P<rest>\w+))?")
_CACHED = {"read": "cached_input", "creation": "cache_write"}
_OTHERWISE = {
    "input_cost_per_token_cache_hit": "cache_read_input_token_cost",
    "cache_read_input_token_cost_per_audio_token": "cache_read_input_audio_token_cost",
}
_SEARCH = "search_context_cost_per_query"
_TIERS = "tiered_pricing"
_NO_MODEL = "sample_spec"  # the list documents itself in an entry of this name


class _Kind(NamedTuple):
    """What a price of the list is for: ``factor`` of what the list counts make one ``unit``, ``counts`` is its word for it."""

    dimension: str
    conditions: str
    unit: Unit = Unit.MILLION_TOKENS
    factor: int = 10**6
    counts: str = "token"


class Config(SourceConfig):
    """Which part of the list to read."""

    url: WebAddress = Field(
        default="https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json",
        description="Where the list is published.",
    )
    models: tuple[str, ...] = Field(default=(), description="Read these models only (with * and ?); all of them if empty.")
    providers: tuple[str, ...] = Field(default=(), description="Read these providers only, in the list's own words.")
    vendors: Mapping[str, str] = Field(
        default={}, description="The vendor's id for a provider of the list; one that is not named keeps the list's word."
    )


class LitellmPrices:
    """Prices per token become USD per million tokens, exactly. A model without a date is one of which no end is known."""

    spec: ClassVar[Spec] = Spec(
        name="litellm_prices",
        summary="Model API token prices and retirement dates, from LiteLLM's price list",
        config=Config,
        interval=timedelta(hours=1),
        kinds=("price", "retirement"),
        documentation="https://docs.litellm.ai/docs/provider_registration/add_model_pricing",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/json, text/plain"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """Prices and retirements of the models asked for. What is priced by the character or page is counted in the notes."""
        assert isinstance(config, Config)
        sheet = PriceSheet()
        known = False
        for model, entry in document(response.body).entries():
            if model == _NO_MODEL:
                continue
            provider = entry.text_of("litellm_provider")
            known = known or provider is not None
            if (config.providers and provider not in config.providers) or not chosen(model, config.models):
                continue
            vendor = config.vendors.get(provider, provider) if provider else None
            item = tidy(model, 200)
            before = len(sheet)
            for kind, node in _prices(entry, sheet):
                sheet.price(_price(item, kind, node), vendor=vendor)
            if len(sheet) == before:
                sheet.leave_out("models without a price that can be read")
            if (end := entry.get("deprecation_date")) is not None:
                sheet.add(f"retirement/{item}", Retirement(item, retires_at=end.day()), vendor)
        if not known:
            raise ParseError("the document", "no entry names a litellm_provider; this is not LiteLLM's price list")
        if not len(sheet):
            sheet.note("no model of the list fits `models` and `providers`")
        return sheet.parsed()

    def recognise(self, response: Response) -> float:
        """By the key that every entry of the list has."""
        if b'"litellm_provider"' not in response.body:
            return 0.0
        try:
            document(response.body).mapping()
        except ParseError:
            return 0.0
        return 0.95


def _kind(key: str) -> _Kind | None:
    """What a price is for, by its name; None for what is priced by the character, the page and the like."""
    key = _OTHERWISE.get(key, key)
    if found := _PLAIN.fullmatch(key):
        dimension = found["way"]
    elif found := _CACHE.fullmatch(key):
        dimension = _CACHED[found["way"]]
    elif found := _OTHER.fullmatch(key):
        dimension = found["way"]
    else:
        return None
    if found["sort"]:
        dimension += "_" + found["sort"]
    conditions = (found["rest"] or "").replace("_", " ")
    if "thing" not in found.re.groupindex:
        return _Kind(dimension, conditions)
    thing = found["thing"]
    conditions = f"by the {thing} {conditions}".rstrip()
    return _Kind(dimension, conditions, Unit.HOUR, 3600, thing) if thing == "second" else _Kind(dimension, conditions, Unit.PIECE, 1, thing)


def _prices(entry: Node, sheet: PriceSheet) -> Iterator[tuple[_Kind, Node]]:
    """What the entry prices, and where each price stands."""
    for key in entry.mapping():
        node = entry.get(key) if "cost" in key or key == _TIERS else None
        if node is None:
            continue
        if key == _TIERS:
            for tier in node.items():
                yield from _tier(tier, sheet)
        elif key == _SEARCH:
            for size, price in node.entries():
                yield _Kind("search", size.removeprefix("search_context_size_") + " context", Unit.PIECE, 1, "query"), price
        elif kind := _kind(key):
            yield kind, node
        else:
            sheet.leave_out("prices by another unit")


def _tier(tier: Node, sheet: PriceSheet) -> Iterator[tuple[_Kind, Node]]:
    """The prices of one tier by length; the first one, from 0 on, is the plain price."""
    if not tier.has("range"):
        sheet.leave_out("tiers by something else than length")
        return
    limits = tier["range"].items()
    if not limits:
        raise tier["range"].fail("[from, to] was expected")
    start = limits[0].number()
    above = f"above {start / 1000:f}k tokens" if start else ""
    for key in tier.mapping():
        kind = _kind(key) if "cost" in key else None
        if kind is not None and (node := tier.get(key)) is not None:
            yield kind._replace(conditions=" ".join(filter(None, (above, kind.conditions)))), node


def _price(item: str, kind: _Kind, node: Node) -> Price:
    value = price_in(node)
    amount = canonical(value * Decimal(kind.factor))
    original = f"{value:f} USD per {kind.counts}"
    return Price(tidy(item, 200), amount, kind.unit, dimension=kind.dimension, conditions=tidy(kind.conditions, 80), original=original)
