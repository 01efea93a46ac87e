"""Use against limits, and spend, from the company's own Prometheus (HTTP API, instant queries).

One request fetches both halves of a quota: the connector joins the two expressions with ``or`` and marks each half, and the
query's name, with labels of its own. So an answer explains itself, and parsing it needs nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.reading import Node, SourceConfig, canonical, document
from secondsource.domain.observations import Quota, Spend
from secondsource.domain.text import tidy

PART, NAME = "secondsource_part", "secondsource_query"
_Series = dict[tuple[str, ...], Node]
Target = Literal["vendor", "region", "product", "item", "name"]


class Query(BaseModel):
    """One quota, or one sum of money, and the series that show it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,79}$", description="What it is called: 'gpu-hours'.")
    used: str = Field(min_length=1, description="PromQL for what is used or, for spend, for the money.")
    limit: str | float | None = Field(
        default=None, description="PromQL for the limit, or a number. None says that the limit is not known, not that there is none."
    )
    emits: Literal["quota", "spend"] = Field(default="quota", description="Whether it is use against a limit, or money.")
    unit: str = Field(default="", max_length=40, description="What is counted: 'GPU hours', 'tokens/min'.")
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$", description="The currency of a spend query.")
    period: Literal["hour", "day", "month"] = Field(default="month", description="What the money of a spend query was spent over.")
    vendor: str | None = Field(default=None, description="Whose quota it is, where that is not the source's vendor.")
    region: str | None = Field(default=None, description="The region that it is about, where the series do not say it.")
    product: str | None = Field(default=None, description="The product that it is about, where the series do not say it.")
    item: str | None = Field(default=None, description="The accelerator or model that is paid for.")
    labels: Mapping[Target, str] = Field(
        default={}, description="Which label of the series tells vendor, region, product, item or the quota's name."
    )

    @model_validator(mode="after")
    def _spend_has_no_limit(self) -> Query:
        if self.emits == "spend" and self.limit is not None:
            raise ValueError("a spend query has no limit; a budget is a quota query in the currency's unit")
        return self


class Config(SourceConfig):
    """A Prometheus server (or what answers like one: Thanos, Mimir, VictoriaMetrics) and what to ask it."""

    queries: tuple[Query, ...] = Field(min_length=1, description="What is asked: one entry for each quota or sum of money.")

    @model_validator(mode="after")
    def _names_differ(self) -> Config:
        names = [query.name for query in self.queries]
        if len(set(names)) < len(names):
            raise ValueError("two queries have the same name; their readings could not be told apart")
        return self


def expression(query: Query) -> str:
    """The PromQL for both halves of ``query``. Each expression stands on lines of its own, so that its comments end with it."""
    marked = f'label_replace(\n{query.used}\n, "{PART}", "used", "", "")'
    if isinstance(query.limit, str):
        marked += f' or label_replace(\n{query.limit}\n, "{PART}", "limit", "", "")'
    return f'label_replace({marked}, "{NAME}", "{query.name}", "", "")'


class PrometheusQuota:
    """One request per query. A series that is not a number is no reading: nothing known is not nothing used."""

    spec: ClassVar[Spec] = Spec(
        name="prometheus_quota",
        summary="Quota use and spend from Prometheus and what answers like it",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("quota", "spend"),
        documentation="https://prometheus.io/docs/prometheus/latest/querying/api/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """An instant query for each configured one."""
        assert isinstance(config, Config)
        base = config.url.rstrip("/").removesuffix("/api/v1/query") + "/api/v1/query"
        accept = {"accept": "application/json"}
        return tuple(Request(base, headers=accept, params={"query": expression(q)}, auth=config.auth) for q in config.queries)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The readings of the query that the answer names. An answer without series, or only with NaN, is a ParseError."""
        assert isinstance(config, Config)
        samples = _samples(document(response.body))
        query = _query_of(samples, config)
        notes: list[str] = []
        used, limits = _split(samples, query)
        if not used:
            raise ParseError("data.result", f"query {query.name!r} gave no series for what is used; does its metric exist?")
        readings = []
        for key, sample in used.items():
            amount = _amount(sample)
            if amount is None:
                notes.append(f"{sample.where} left out: its value is {_value(sample)[:20]}, which says nothing")
                continue
            readings.append(_reading(query, key, amount, limits, notes))
        if not readings:
            raise ParseError("data.result", f"query {query.name!r} gave no number: every series is NaN or infinite")
        return Parsed(readings, complete=len(readings) == len(used), notes=notes)

    def recognise(self, response: Response) -> float:
        """By the envelope of the HTTP API."""
        try:
            root = document(response.body)
            return 0.9 if root.has("status") and root.has("data") and root["data"].has("resultType") else 0.0
        except ParseError:
            return 0.0


class _Sample(Node):
    """A series, with its labels and the latest of its values."""

    __slots__ = ("labels",)

    def __init__(self, value: Node, labels: Mapping[str, str]) -> None:
        super().__init__(value.value, value.where)
        self.labels = labels


def _samples(root: Node) -> list[_Sample]:
    status = root["status"].text()
    if status != "success":
        reason = "/".join(filter(None, (root.text_of("errorType"), root.text_of("error"))))
        raise ParseError("status", f"Prometheus answers {tidy(status, 20)}: {tidy(reason, 300) or 'no reason given'}")
    data = root["data"]
    kind = data["resultType"].text()
    result = data["result"]
    if kind == "scalar":
        return [_Sample(result, {})]
    if kind not in ("vector", "matrix"):
        raise data["resultType"].fail(f"{tidy(kind, 40)!r} can not be read; a vector, matrix or scalar was expected")
    samples = []
    for series in result.items():
        labels = {name: label.text() if label.value else "" for name, label in series["metric"].entries()}
        if kind == "vector":
            samples.append(_Sample(series["value"], labels))
        elif values := series["values"].items():
            samples.append(_Sample(values[-1], labels))
    return samples


def _query_of(samples: Sequence[_Sample], config: Config) -> Query:
    names = {sample.labels[NAME] for sample in samples if NAME in sample.labels}
    if not names and len(config.queries) == 1:
        return config.queries[0]
    if not names:
        raise ParseError("data.result", "no series came back, or none with the connector's labels; does the query's metric exist?")
    for query in config.queries:
        if {query.name} == names:
            return query
    raise ParseError("data.result", f"the series belong to {', '.join(sorted(map(repr, names)))}, which is not one configured query")


def _split(samples: Sequence[_Sample], query: Query) -> tuple[_Series, _Series]:
    """What is used and its limits, by the values of the mapped labels."""
    halves: dict[str, _Series] = {"used": {}, "limit": {}}
    for sample in samples:
        part = sample.labels.get(PART, "used")
        if part not in halves:
            raise ParseError(f"{sample.where}", f"label {PART} is {tidy(part, 20)!r}; used or limit was expected")
        key = tuple(tidy(sample.labels.get(label, ""), 120) for label in query.labels.values())
        if key in halves[part]:
            reason = f"two series of {part!r} have the same {', '.join(query.labels.values()) or 'name'}; sum them, or map another label"
            raise ParseError(sample.where, reason)
        halves[part][key] = sample
    return halves["used"], halves["limit"]


def _value(sample: Node) -> str:
    pair = sample.items()
    if len(pair) != 2:
        raise sample.fail("[time, value] was expected")
    pair[0].number()
    return pair[1].text()


def _amount(sample: Node) -> Decimal | None:
    """The latest value; None for NaN and the infinities, which Prometheus gives where it knows nothing."""
    text = _value(sample)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ParseError(f"{sample.where}[1]", f"{tidy(text, 40)!r} is not a number") from None
    if not amount.is_finite():
        return None
    if amount and not -300 < amount.adjusted() < 300:
        raise ParseError(f"{sample.where}[1]", f"{tidy(text, 40)!r} is out of range")
    return canonical(amount)


def _limit(query: Query, key: tuple[str, ...], limits: _Series, notes: list[str]) -> float | None:
    if not isinstance(query.limit, str):
        return query.limit if query.limit is not None and math.isfinite(query.limit) else None
    sample = limits.get(key) or limits.get(("",) * len(key))
    if sample is None:
        notes.append(f"no limit for {query.name} {' '.join(key)}".rstrip())
        return None
    amount = _amount(sample)
    if amount is None:
        notes.append(f"{sample.where}: the limit is {_value(sample)[:20]}, so it is not known")
    return None if amount is None else float(amount)


def _reading(query: Query, key: tuple[str, ...], amount: Decimal, limits: _Series, notes: list[str]) -> Reading:
    told = {target: value for target, value in zip(query.labels, key, strict=True) if value}
    vendor, region = told.get("vendor", query.vendor), told.get("region", query.region)
    product, item = told.get("product", query.product), told.get("item", query.item)
    subject = "/".join((query.emits, query.name, *(value or "-" for value in key)))
    if query.emits == "spend":
        body = Spend(amount, query.currency, query.period, product=product, region=region, item=item)
        return Reading(subject, body, vendor=vendor)
    quota = Quota(
        name=told.get("name", query.name),
        used=float(amount),
        limit=_limit(query, key, limits, notes),
        unit=query.unit,
        region=region,
        product=product,
    )
    return Reading(subject, quota, vendor=vendor)
