"""Use of Azure's quotas by region: the ``usages`` lists of the Resource Manager, of Compute, Cognitive Services and whoever else has one.

The credential is an OAuth 2 client of the tenant (scope ``https://management.azure.com/.default``) that may read the subscription.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import PriceSheet, chosen
from secondsource.contracts.reading import Node, SourceConfig, document, further
from secondsource.contracts.usage import limit_in, quota, quota_reading, used_in
from secondsource.domain.text import tidy


class Config(SourceConfig):
    """A subscription: ``https://management.azure.com/subscriptions/<its id>``, and where in it to look."""

    locations: tuple[str, ...] = Field(default=("eastus",), min_length=1, description="Azure's regions to read: westeurope, eastus2.")
    providers: Mapping[str, str] = Field(
        default={"Microsoft.Compute": "2024-07-01", "Microsoft.CognitiveServices": "2023-05-01"},
        min_length=1,
        description="Resource providers that have such a list, each with the version of its interface.",
    )
    names: tuple[str, ...] = Field(
        default=(), description="Read quotas of these names only, with * and ?: *ND*, OpenAI.Standard.*; all if empty."
    )


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which list was asked for: the answer does not say."""

    provider: str = ""
    location: str = ""
    further: bool = False


class AzureUsage:
    """One reading for each quota of a provider in a region."""

    spec: ClassVar[Spec] = Spec(
        name="azure_usage",
        summary="Use of Azure's quotas by your own subscription",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("quota",),
        documentation="https://learn.microsoft.com/rest/api/compute/usage/list",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """A list for each provider and region."""
        assert isinstance(config, Config)
        base = config.url.rstrip("/")
        return tuple(
            _request(f"{base}/providers/{provider}/locations/{location}/usages?api-version={version}", config, _Memo(provider, location))
            for provider, version in config.providers.items()
            for location in config.locations
        )

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """A page of one list. Azure's own error is a ParseError with its code."""
        assert isinstance(config, Config)
        root = document(response.body)
        if root.has("error"):
            raise root["error"].fail(f"Azure answers {tidy(root['error'].text_of('code') or 'an error', 80)}")
        memo = read_memo(response.memo, _Memo)
        sheet = PriceSheet()
        items = root["value"].items()
        if not items and not memo.further:
            raise root["value"].fail("the list is empty; does the provider have quotas in this region?")
        for item in items:
            _usage(item, memo, config, sheet)
        link = root.get("nextLink")
        more = _request(further(link, config.url), config, replace(memo, further=True)) if link is not None and link.value != "" else None
        return sheet.parsed(next_request=more)

    def recognise(self, response: Response) -> float:
        """By the first item."""
        try:
            items = document(response.body).list_of("value")
            return 0.9 if items and items[0].has("currentValue") and "limit" in items[0].mapping() and items[0].has("name") else 0.0
        except ParseError:
            return 0.0


def _request(url: str, config: Config, memo: _Memo) -> Request:
    return Request(url, headers={"accept": "application/json"}, auth=config.auth, memo=write_memo(memo))


def _usage(item: Node, memo: _Memo, config: Config, sheet: PriceSheet) -> None:
    name = tidy(item["name"]["value"].text(), 120)
    label = item["name"].text_of("localizedValue") or name
    if not (chosen(name, config.names) or chosen(label, config.names)):
        sheet.leave_out("quotas that are not asked for")
        return
    if not item.has("currentValue"):
        sheet.leave_out("quotas whose use Azure does not tell")
        return
    unit = item.text_of("unit") or ""
    body = quota(
        label,
        used_in(item["currentValue"]),
        limit_in(item.get("limit")),
        unit="" if unit == "Count" else unit,
        region=memo.location or None,
        product=memo.provider or None,
    )
    reading = quota_reading(body, memo.provider, memo.location, name)
    sheet.add(reading.subject, body)
