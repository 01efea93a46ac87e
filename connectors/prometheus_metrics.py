"""Use against limits from a page of metrics itself: the text format of Prometheus and OpenMetrics, without a Prometheus between.

For NVIDIA's DCGM exporter, say, the memory of all GPUs of a model:
``used: DCGM_FI_DEV_FB_USED``, ``limit: DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE``, ``unit: MiB``, ``labels: {product: modelName}``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Literal

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from secondsource.contracts.connector import Parsed, ParseError, Reading, Request, Response, Spec
from secondsource.contracts.reading import SourceConfig, looks_like_html
from secondsource.domain.observations import Quota
from secondsource.domain.text import tidy

_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
_NAME = r"[A-Za-z_:][A-Za-z0-9_:]*"
_MATCH = r'[A-Za-z_][A-Za-z0-9_]*="[^"\\]*"'
_TERM = re.compile(rf"({_NAME})(?:\{{\s*({_MATCH}(?:\s*,\s*{_MATCH})*)?\s*,?\s*\}})?")
_LONGEST_LINE = 16_000
_Key = tuple[str, ...]
_Terms = tuple[tuple[str, Mapping[str, str]], ...]
Target = Literal["vendor", "region", "product", "name"]


def terms(text: str) -> _Terms:
    """``a{x="1"} + b`` as names with the labels that their series must have. Raises ``ValueError`` for any other form."""
    found, at = [], 0
    while True:
        match = _TERM.match(text, at + len(text[at:]) - len(text[at:].lstrip()))
        if match is None:
            raise ValueError(f'{text[:80]!r} is not read here; write metric, metric{{label="value"}}, or several with + between')
        labels = dict(re.findall(r'([A-Za-z_][A-Za-z0-9_]*)="([^"]*)"', match[2] or ""))
        found.append((match[1], labels))
        rest = text[match.end() :].lstrip()
        if not rest:
            return tuple(found)
        if rest[0] != "+":
            raise ValueError(f"{rest[:40]!r} was not expected; several metrics are joined by +")
        at = len(text) - len(rest) + 1


class Gauge(BaseModel):
    """One quota, and the series that show it; what the labels do not tell apart is summed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,79}$", description="What it is called: 'GPU memory'.")
    used: str = Field(description='Series of what is used: metric, metric{label="value"}, or several with + between.')
    limit: str | float | None = Field(
        default=None, description="Series of the limit, in the same form, or a number. None says that it is not known."
    )
    unit: str = Field(default="", max_length=40, description="What is counted: MiB, GPUs.")
    labels: Mapping[Target, str] = Field(default={}, description="Which label tells vendor, region, product, or the quota's name.")
    by: tuple[str, ...] = Field(default=(), description="Further labels that tell quotas apart: Hostname.")

    @field_validator("used", "limit")
    @classmethod
    def _form(cls, value: str | float | None) -> str | float | None:
        if isinstance(value, str):
            terms(value)
        return value


class Config(SourceConfig):
    """A page of metrics (``https://gpu-7:9400/metrics``) and what to read of it."""

    metrics: tuple[Gauge, ...] = Field(min_length=1, description="The quotas to read off the page.")

    @model_validator(mode="after")
    def _names_differ(self) -> Config:
        if len({gauge.name for gauge in self.metrics}) < len(self.metrics):
            raise ValueError("two metrics have the same name; their readings could not be told apart")
        return self


class PrometheusMetrics:
    """One reading for each quota and set of labels. Where one of its series is NaN or infinite, nothing is known of it."""

    spec: ClassVar[Spec] = Spec(
        name="prometheus_metrics",
        summary="Quota use from a page of metrics: Prometheus text format and OpenMetrics, DCGM among them",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("quota",),
        documentation="https://prometheus.io/docs/instrumenting/exposition_formats/",
        limited=True,  # some long lines cost the library much
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The page."""
        assert isinstance(config, Config)
        return (Request(config.url, headers={"accept": _ACCEPT}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The quotas on the page. A quota whose metric is not there is a ParseError: the exporter changed, or is another one."""
        assert isinstance(config, Config)
        series: dict[str, list[Sample]] = {}
        for family in _families(response):
            for sample in family.samples:
                series.setdefault(sample.name, []).append(sample)
        readings: list[Reading] = []
        notes: list[str] = []
        for gauge in config.metrics:
            readings += _readings(gauge, series, notes)
        if not readings:
            raise ParseError("the document", "every series that is read is NaN or infinite, so nothing is known")
        return Parsed(readings, complete=not notes, notes=notes)

    def recognise(self, response: Response) -> float:
        """By the lines that tell a metric's type."""
        return 0.9 if re.match(rb"(?:# (?:HELP|UNIT) [^\n]*\n)*# TYPE [A-Za-z_:][\w:]* [a-z]+\n", response.body) else 0.0


def _families(response: Response) -> list[Metric]:
    body = response.body
    if not body.strip():
        raise ParseError("line 1", "the body is empty; metrics were expected")
    if looks_like_html(body):
        raise ParseError("line 1", "this is a web page (HTML); metrics were expected")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParseError("line 1", "the text is not valid UTF-8") from None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise ParseError(f"line {number}", f"the line is longer than {_LONGEST_LINE} characters")
    if lines[-1]:
        raise ParseError(f"line {len(lines)}", "the last line has no end; is the page cut off?")
    if response.headers.get("content-type", "").startswith("application/openmetrics-text") and not text.endswith("# EOF\n"):
        raise ParseError(f"line {len(lines)}", "there is no # EOF at the end, as OpenMetrics has; is the page cut off?")
    try:
        # its parser of OpenMetrics refuses sums below zero, which Prometheus's own client writes; this one reads both
        return list(text_string_to_metric_families(text))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        # the library names no line, and some malformed lines end in errors of the language
        raise ParseError("the document", f"not metrics in text format: {tidy(str(error), 120) or type(error).__name__}") from None


def _summed(text: str, gauge: Gauge, series: Mapping[str, Iterable[Sample]]) -> dict[_Key, float]:
    """What the terms come to, by the values of the labels that tell quotas apart."""
    names = (*gauge.labels.values(), *gauge.by)
    sums: dict[_Key, float] = {}
    for name, wanted in terms(text):
        fits = [s for s in series.get(name, ()) if all(s.labels.get(label, "") == value for label, value in wanted.items())]
        if not fits:
            known = "" if name in series else "; the page has no such metric"
            raise ParseError(f"metric {name}", f"no series for quota {gauge.name!r}{known}")
        for sample in fits:
            key = tuple(tidy(sample.labels.get(label, ""), 120) for label in names)
            sums[key] = sums.get(key, 0.0) + float(sample.value)
    return sums


def _readings(gauge: Gauge, series: Mapping[str, Iterable[Sample]], notes: list[str]) -> list[Reading]:
    used = _summed(gauge.used, gauge, series)
    limits = _summed(gauge.limit, gauge, series) if isinstance(gauge.limit, str) else {}
    fixed = gauge.limit if isinstance(gauge.limit, float) else None
    readings = []
    for key, amount in used.items():
        place = " ".join((gauge.name, *filter(None, key)))
        if not math.isfinite(amount) or amount < 0:
            notes.append(f"{place} left out: what is used is {amount:g}, which says nothing")
            continue
        limit = fixed if not limits else limits.get(key, limits.get(("",) * len(key)))
        if limit is None or not math.isfinite(limit):
            limit = None
        told = {target: value for target, value in zip(gauge.labels, key, strict=False) if value}
        name = " ".join((told.get("name", gauge.name), *filter(None, key[len(gauge.labels) :])))
        body = Quota(tidy(name, 120), amount, limit, gauge.unit, told.get("region"), told.get("product"))
        readings.append(Reading("/".join(("quota", gauge.name, *(value or "-" for value in key))), body, vendor=told.get("vendor")))
    return readings
