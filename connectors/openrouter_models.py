"""Prices and end dates of the models that OpenRouter serves, from its list of models (``/api/v1/models``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import PriceSheet, chosen
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price, Retirement
from secondsource.domain.text import tidy

# What each price of the list is for: dimension, conditions.
_BY_TOKEN: Mapping[str, tuple[str, str]] = {
    "prompt": ("input", ""),
    "completion": ("output", ""),
    "internal_reasoning": ("output_reasoning", ""),
    "input_cache_read": ("cached_input", ""),
    "input_cache_write": ("cache_write", ""),
    "input_cache_write_1h": ("cache_write", "above 1hr"),
    "audio": ("input_audio", ""),
    "audio_output": ("output_audio", ""),
    "input_audio_cache": ("cached_input_audio", ""),
}
_BY_PIECE: Mapping[str, tuple[str, str]] = {"request": ("request", ""), "web_search": ("search", "")}
_IMAGES = frozenset({"image", "image_output", "image_token"})
_DISCOUNT, _OVERRIDES = "discount", "overrides"
_TOKENS, _START, _END = "min_prompt_tokens", "utc_start", "utc_end"
_ROUTER = Decimal(-1)
_NO_END = 2090
"""From this year on an end date is one that nobody has set: the list writes 2098-12-31."""


class Config(SourceConfig):
    """Which models to read."""

    url: WebAddress = Field(default="https://openrouter.ai/api/v1/models", description="Where the list is published.")
    models: tuple[str, ...] = Field(default=(), description="Read these models only (anthropic/*); all of them if empty.")


class OpenrouterModels:
    """Prices per token become USD per million tokens, exactly. Prices that hold on a condition (long prompts, hours of the day)
    are prices of their own beside the plain one. ``-1`` is no price: what a router costs depends on where it leads.
    """

    spec: ClassVar[Spec] = Spec(
        name="openrouter_models",
        summary="Model prices and end dates from OpenRouter's list",
        config=Config,
        interval=timedelta(hours=1),
        kinds=("price", "retirement"),
        documentation="https://openrouter.ai/docs/api-reference/list-available-models",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": "application/json"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """Prices and ends of the models asked for. An empty list is a ParseError: OpenRouter never serves nothing."""
        assert isinstance(config, Config)
        root = document(response.body)
        if (error := root.get("error")) is not None:
            raise error.fail(f"OpenRouter answers with an error: {tidy(error.text_of('message') or 'no reason given', 300)}")
        models = root["data"].items()
        if not models:
            raise ParseError("data", "the list has no model")
        sheet = PriceSheet()
        for model in models:
            name = model["id"].text()
            pricing = model["pricing"]
            if not chosen(name, config.models):
                continue
            item = tidy(name, 200)
            for price in _prices(item, pricing, sheet):
                sheet.price(price)
            if (end := model.get("expiration_date")) is not None and (day := end.day()).year < _NO_END:
                sheet.add(f"retirement/{item}", Retirement(item, retires_at=day))
        if not len(sheet):
            sheet.note("no model of the list has a price and fits `models`")
        return sheet.parsed()

    def recognise(self, response: Response) -> float:
        """By the first model of the list."""
        if b'"pricing"' not in response.body:
            return 0.0
        try:
            first = document(response.body)["data"].items()[:1]
            return 0.95 if first and first[0].has("id") and first[0]["pricing"].has("prompt") else 0.0
        except ParseError:
            return 0.0


def _prices(item: str, pricing: Node, sheet: PriceSheet) -> Iterator[Price]:
    yield from _priced(item, pricing, "", sheet)
    if (discount := pricing.get(_DISCOUNT)) is not None and discount.number():
        sheet.leave_out("discounts (prices are those before them)")
    for override in pricing.list_of(_OVERRIDES):
        holds = _condition(override)
        if holds is None:
            sheet.leave_out("prices on a condition that is not known")
            continue
        yield from _priced(item, override, holds, sheet)


def _priced(item: str, pricing: Node, holds: str, sheet: PriceSheet) -> Iterator[Price]:
    routed = False
    for key in pricing.mapping():
        if key in (_OVERRIDES, _DISCOUNT, _TOKENS, _START, _END) or not pricing.has(key):
            continue
        if key not in _BY_TOKEN and key not in _BY_PIECE:
            if key in _IMAGES:  # documented as each image, and filled with what is clearly each token
                sheet.leave_out("prices of images (the list does not say whether each image or each token is meant)")
            else:
                sheet.leave_out("prices of another kind")
            continue
        node = pricing[key]
        value = node.spelt_number()
        if value == _ROUTER:
            routed = True
            continue
        if value < 0:
            raise node.fail("a price can not be negative; -1 alone means that there is none")
        by_token = key in _BY_TOKEN
        dimension, plain = (_BY_TOKEN if by_token else _BY_PIECE)[key]
        yield Price(
            item,
            canonical(value.scaleb(6)) if by_token else value,
            Unit.MILLION_TOKENS if by_token else Unit.PIECE,
            dimension=dimension,
            conditions=", ".join(filter(None, (plain, holds))),
            original=f"{value:f} USD per {'token' if by_token else dimension}",
        )
    if routed:
        sheet.leave_out("routers (their price depends on the model that answers)")


def _condition(override: Node) -> str | None:
    """When the prices of an override hold: ``from 200k tokens``, ``01:00-04:00 UTC``; None where that is not understood."""
    conditions = override.mapping().keys() - _BY_TOKEN.keys() - _BY_PIECE.keys() - _IMAGES
    said = []
    if conditions >= {_TOKENS}:
        said.append(f"from {override[_TOKENS].number() / 1000:f}k tokens")
    if conditions >= {_START, _END}:
        said.append(f"{_clock(override[_START])}-{_clock(override[_END])} UTC")
        conditions -= {_START, _END}
    return ", ".join(said) if said and not conditions - {_TOKENS} else None


def _clock(node: Node) -> str:
    """The time of day that is written as a number: 1030 is 10:30."""
    value = node.number()
    if value != int(value) or not 0 <= value <= 2400 or value % 100 >= 60:
        raise node.fail(f"{value:f} is not a time of day; something like 1030 was expected")
    return f"{int(value) // 100:02}:{int(value) % 100:02}"
