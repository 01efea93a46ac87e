"""Token prices and retirement dates of models from LiteLLM's list (model_prices_and_context_window.json)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price, Retirement
from secondsource.domain.text import tidy

# The names of prices, as they are: input_cost_per_token_above_200k_tokens, cache_read_input_audio_token_cost, ...
_PLAIN = re.compile(r"(?P<way>input|output)_cost_per_(?:(?P<sort>[a-z]+)_)?token(?:_(?P<rest>\w+))?")
_CACHE = re.compile(r"cache_(?P<way>read|creation)_input(?:_(?P<sort>[a-z]+))?_token_cost(?:_(?P<rest>\w+))?")
_CACHED = {"read": "cached_input", "creation": "cache_write"}
_NO_MODEL = "sample_spec"  # the list documents itself in an entry of this name


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
        """Prices and retirements of the models asked for. What is not priced by the token is counted in the notes."""
        assert isinstance(config, Config)
        readings: list[Reading] = []
        left_out: Counter[str] = Counter()
        known = False
        for model, entry in document(response.body).entries():
            if model == _NO_MODEL:
                continue
            provider = entry.text_of("litellm_provider")
            known = known or provider is not None
            if not _wanted(model, provider, config):
                continue
            vendor = config.vendors.get(provider, provider) if provider else None
            found = _prices(model, vendor, entry, left_out)
            if not found:
                left_out["models without a price by the token"] += 1
            readings += found
            readings += _retirement(model, vendor, entry)
        if not known:
            raise ParseError("the document", "no entry names a litellm_provider; this is not LiteLLM's price list")
        return Parsed(readings, notes=tuple(f"{count} {what} left out" for what, count in sorted(left_out.items())))

    def recognise(self, response: Response) -> float:
        """By the key that every entry of the list has."""
        if b'"litellm_provider"' not in response.body:
            return 0.0
        try:
            document(response.body).mapping()
        except ParseError:
            return 0.0
        return 0.95


def _wanted(model: str, provider: str | None, config: Config) -> bool:
    if config.providers and provider not in config.providers:
        return False
    return not config.models or any(fnmatchcase(model, pattern) for pattern in config.models)


def _meaning(key: str) -> tuple[str, str] | None:
    """Dimension and conditions of a price by its name; None for what is not priced by the token."""
    if found := _PLAIN.fullmatch(key):
        dimension = found["way"]
    elif found := _CACHE.fullmatch(key):
        dimension = _CACHED[found["way"]]
    else:
        return None
    if found["sort"]:
        dimension += "_" + found["sort"]
    return dimension, (found["rest"] or "").replace("_", " ")


def _prices(model: str, vendor: str | None, entry: Node, left_out: Counter[str]) -> list[Reading]:
    readings = []
    for key in entry.mapping():
        if "cost" not in key:
            continue
        meaning = _meaning(key)
        if meaning is None:
            left_out["prices by something else than the token"] += 1
            continue
        node = entry.get(key)
        if node is None:
            continue
        value = node.number()
        if value < 0:
            raise node.fail("a price can not be negative")
        dimension, conditions = meaning
        item = tidy(model, 200)
        body = Price(
            item=item,
            amount=canonical(value.scaleb(6)),
            unit=Unit.MILLION_TOKENS,
            dimension=dimension,
            conditions=conditions,
            original=f"{value:f} USD per token",
        )
        readings.append(Reading("/".join(filter(None, ("price", item, dimension, conditions))), body, vendor=vendor))
    return readings


def _retirement(model: str, vendor: str | None, entry: Node) -> list[Reading]:
    node = entry.get("deprecation_date")
    if node is None:
        return []
    try:
        day = date.fromisoformat(node.text())
    except ValueError:
        raise node.fail(f"{node.value[:40]!r} is not a date; something like 2026-02-19 was expected") from None
    item = tidy(model, 200)
    return [Reading(f"retirement/{item}", Retirement(item, retires_at=datetime(day.year, day.month, day.day, tzinfo=UTC)), vendor=vendor)]
