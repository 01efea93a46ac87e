"""Use of AWS's quotas: Service Quotas with CloudWatch's figures of use, or the checks of Trusted Advisor.

The address decides. ``https://servicequotas.<region>.amazonaws.com/`` lists the quotas of each service; where one names a metric,
CloudWatch is asked what is used. A quota without a metric is left out: what is used of it AWS does not tell.
``https://support.us-east-1.amazonaws.com/`` asks Trusted Advisor, which needs a Business or Enterprise support plan.

The credentials are AWS keys: ``auth`` for the service ``servicequotas`` (or ``support``), ``usage_auth`` for ``monitoring``, both in the
region, with leave for servicequotas:ListServiceQuotas and cloudwatch:GetMetricData (or support:DescribeTrustedAdvisorCheckResult).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.aws_json import aws_instant, aws_request, refusal
from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import PriceSheet, chosen
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, document
from secondsource.contracts.usage import answered_at, limit_in, quota, quota_reading, used_in
from secondsource.domain.text import tidy

_STEP = 300  # CloudWatch has a figure of use at least so often, in seconds
_LOOK_BACK = 3 * 3600
_LONGEST = 30 * 86_400
_SECONDS = {"MICROSECOND": Decimal("1e-6"), "MILLISECOND": Decimal("1e-3")} | {
    word: Decimal(seconds) for word, seconds in (("SECOND", 1), ("MINUTE", 60), ("HOUR", 3600), ("DAY", 86_400), ("WEEK", 604_800))
}
_STATISTICS = ("Maximum", "Sum", "Average", "Minimum", "SampleCount")
_COLUMNS = 6  # of Trusted Advisor: region, service, name, limit, use, status


class Config(SourceConfig):
    """An end point of Service Quotas or of AWS Support, and what to ask it."""

    services: tuple[str, ...] = Field(
        default=("ec2", "bedrock"), min_length=1, description="Service Quotas: the services to read, by AWS's codes."
    )
    names: tuple[str, ...] = Field(default=(), description="Read quotas of these names only, with * and ?: *P5*, *tokens*; all if empty.")
    usage_url: WebAddress | None = Field(
        default=None, description="CloudWatch in the same region; if left out, the address with monitoring in place of servicequotas."
    )
    usage_auth: str | None = Field(default=None, description="The name of the AWS key for the service monitoring.")
    checks: tuple[str, ...] = Field(
        default=("eW7HH0l7J9",), min_length=1, description="Trusted Advisor: ids of checks of limits; eW7HH0l7J9 is of all services."
    )


class _Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A quota whose use CloudWatch is asked for, by periods of so many seconds; ``share`` is the part of one that the limit is for."""

    service: str
    code: str
    name: str
    statistic: str
    limit: Decimal | None = None
    region: str | None = None
    unit: str = ""
    period: int = _STEP
    share: Decimal | None = None


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a poll of one service is: its next page, and the quotas of this page."""

    service: str = ""
    page: str | None = None
    asked: tuple[_Asked, ...] = ()


class AwsQuotas:
    """One reading for each quota whose use is told."""

    spec: ClassVar[Spec] = Spec(
        name="aws_quotas",
        summary="Use of AWS's quotas by your own account",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("quota",),
        documentation="https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The first page of each service, or the result of each check."""
        assert isinstance(config, Config)
        if (urlsplit(config.url).hostname or "").startswith("support."):
            call = "AWSSupport_20130415.DescribeTrustedAdvisorCheckResult"
            return tuple(aws_request(config.url, call, {"checkId": check, "language": "en"}, auth=config.auth) for check in config.checks)
        return tuple(_list(config, _Memo(service)) for service in config.services)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """What one call answers, and the next one. A refusal of AWS fails the poll, with AWS's name for it."""
        assert isinstance(config, Config)
        if response.status != 200:
            return Parsed((), inconclusive=refusal(response))
        root = document(response.body)
        memo = read_memo(response.memo, _Memo)
        if root.has("result"):
            return _checked(root["result"], config)
        if root.has("MetricDataResults") or root.has("Datapoints"):
            return _used(root, memo, config)
        return _listed(root, memo, response, config)

    def recognise(self, response: Response) -> float:
        """By the first quota, or by the shape of a check of limits."""
        try:
            root = document(response.body)
            if quotas := root.list_of("Quotas"):
                return 0.95 if quotas[0].has("QuotaCode") else 0.0
            if root.has("Label") and "Datapoints" in root.mapping():
                return 0.6
            result = root.get("result")
            flagged = result.list_of("flaggedResources") if result and result.has("checkId") else []
            return 0.9 if flagged and len(flagged[0].list_of("metadata")) == _COLUMNS else 0.0
        except ParseError:
            return 0.0


def _list(config: Config, memo: _Memo) -> Request:
    asked = {"ServiceCode": memo.service, "MaxResults": 100, **({"NextToken": memo.page} if memo.page else {})}
    return aws_request(config.url, "ServiceQuotasV20190624.ListServiceQuotas", asked, auth=config.auth, memo=write_memo(memo))


def _listed(root: Node, memo: _Memo, response: Response, config: Config) -> Parsed:
    """Quotas without their use: those that name a metric are asked for, then the next page."""
    sheet = PriceSheet()
    asked: list[_Asked] = []
    queries: list[dict[str, Any]] = []
    quotas = root["Quotas"].items()
    if not quotas and not memo.page:
        raise root["Quotas"].fail(f"AWS lists no quota of {tidy(memo.service, 60) or 'the service'}")
    for entry in quotas:
        name = tidy(entry["QuotaName"].text(), 120)
        if not chosen(name, config.names):
            sheet.leave_out("quotas that are not asked for")
        elif not entry.has("UsageMetric"):
            sheet.leave_out("quotas whose use AWS does not tell")
        else:
            metric = entry["UsageMetric"]
            asked.append(_asked(entry, metric, name))
            queries.append(_query(len(queries), metric, asked[-1]))
    token = root.text_of("NextToken")
    after = _Memo(memo.service, token, tuple(asked))
    at = answered_at(response)
    if asked and at is None:
        sheet.leave_out("quotas whose use is not asked for, as the answer does not say when it was given,", len(asked))
        asked = []
    if asked and at is not None:
        return sheet.parsed(next_request=_use_request(queries, at, after, config))
    more = _Memo(memo.service, token)
    return sheet.parsed(complete=at is not None or not after.asked, next_request=_list(config, more) if token and memo.service else None)


def _asked(entry: Node, metric: Node, name: str) -> _Asked:
    statistic = metric.text_of("MetricStatisticRecommendation") or "Maximum"
    if statistic not in _STATISTICS:
        raise metric["MetricStatisticRecommendation"].fail(f"{tidy(statistic, 40)!r} is no statistic of CloudWatch")
    unit = entry.text_of("Unit") or "None"
    step, share = _STEP, None
    if statistic == "Sum" and entry.has("Period"):
        period = entry["Period"]
        word = period["PeriodUnit"].text()
        if word not in _SECONDS:
            raise period["PeriodUnit"].fail(f"{tidy(word, 40)!r} is no unit of time")
        seconds = period["PeriodValue"].number() * _SECONDS[word]
        if not 0 < seconds <= _LONGEST:
            raise period["PeriodValue"].fail(f"a period of at most {_LONGEST} seconds was expected")
        step = max(_STEP, math.ceil(seconds / 60) * 60)
        share = seconds / step
    return _Asked(
        tidy(entry["ServiceCode"].text(), 60),
        tidy(entry["QuotaCode"].text(), 60),
        name,
        statistic,
        limit_in(entry.get("Value")),
        _region(entry.text_of("QuotaArn") or ""),
        "" if unit == "None" else tidy(unit, 40),
        step,
        share,
    )


def _region(arn: str) -> str | None:
    parts = arn.split(":")
    return tidy(parts[3], 40) or None if len(parts) > 3 else None


def _query(number: int, metric: Node, asked: _Asked) -> dict[str, Any]:
    dimensions = metric.get("MetricDimensions")
    named = [{"Name": name, "Value": value.text()} for name, value in dimensions.entries()] if dimensions else []
    told = {"Namespace": metric["MetricNamespace"].text(), "MetricName": metric["MetricName"].text(), "Dimensions": named}
    return {"Id": f"q{number}", "MetricStat": {"Metric": told, "Period": asked.period, "Stat": asked.statistic}}


def _use_request(queries: Sequence[dict[str, Any]], at: datetime, memo: _Memo, config: Config) -> Request:
    host = urlsplit(config.url).netloc.replace("servicequotas.", "monitoring.", 1)
    end = int(at.timestamp()) // _STEP * _STEP  # the last whole period: a sum of one that still runs is too small
    start = end - max(_LOOK_BACK, *(2 * asked.period for asked in memo.asked))
    asked = {"MetricDataQueries": queries, "StartTime": start, "EndTime": end, "ScanBy": "TimestampDescending"}
    url = config.usage_url or f"{urlsplit(config.url).scheme}://{host}/"
    call = "GraniteServiceVersion20100801.GetMetricData"
    return aws_request(url, call, asked, auth=config.usage_auth or config.auth, memo=write_memo(memo), version="1.0")


def _used(root: Node, memo: _Memo, config: Config) -> Parsed:
    """The newest figure of each metric. GetMetricStatistics gives those of a single one, and of a saved answer the label only.

    A metric without a figure makes the picture incomplete: that a quota is not spoken of does not say that it is gone.
    """
    sheet = PriceSheet()
    if root.has("Datapoints"):
        label = tidy(root["Label"].text(), 120)
        one = memo.asked[0] if memo.asked else _Asked("", label, label, "Maximum")
        known = _add(one, [(point["Timestamp"], point[one.statistic]) for point in root["Datapoints"].items()], sheet)
        return sheet.parsed(complete=known)
    complete = True
    for result in root["MetricDataResults"].items():
        name = result["Id"].text()
        number = int(name[1:]) if name[:1] == "q" and name[1:].isascii() and name[1:].isdecimal() and len(name) < 6 else len(memo.asked)
        if number >= len(memo.asked):
            raise result["Id"].fail(f"{tidy(name, 20)!r} was not asked for")
        times, values = result["Timestamps"].items(), result["Values"].items()
        if len(times) != len(values):
            raise result.fail(f"{len(times)} times for {len(values)} values")
        complete = _add(memo.asked[number], list(zip(times, values, strict=True)), sheet) and complete
    if root.has("NextToken"):
        sheet.note("CloudWatch has older figures, which are not asked for")
    more = _list(config, _Memo(memo.service, memo.page)) if memo.page else None
    return sheet.parsed(complete=complete, next_request=more)


def _add(asked: _Asked, points: Sequence[tuple[Node, Node]], sheet: PriceSheet) -> bool:
    """Adds what the newest point says; False where there is none."""
    latest = max(((aws_instant(at), place, value) for place, (at, value) in enumerate(points)), default=None, key=lambda found: found[0])
    if latest is None:
        sheet.leave_out("quotas of whose use CloudWatch has no figure")
        return False
    used = used_in(latest[2])
    if asked.share is not None:
        used = used * asked.share
    body = quota(asked.name, used, asked.limit, unit=asked.unit, region=asked.region, product=asked.service or None)
    sheet.add(quota_reading(body, asked.service, asked.region, asked.code).subject, body, at=latest[0])
    return True


def _checked(result: Node, config: Config) -> Parsed:
    """The rows of a check, each a list of texts whose places have a meaning. The least bad row is a row too: all are listed."""
    sheet = PriceSheet()
    rows = result["flaggedResources"].items()
    at = result["timestamp"].instant() if result.has("timestamp") else None
    if result.text_of("status") == "not_available":
        raise result["status"].fail("Trusted Advisor has not run this check yet, so nothing is known")
    if not rows:
        raise result["flaggedResources"].fail("the list is empty; is this a check of limits?")
    for row in rows:
        cells = row["metadata"].items()
        if len(cells) != _COLUMNS:
            raise row["metadata"].fail(f"{len(cells)} cells; region, service, name, limit, use and status were expected")
        region, service, name = (tidy(cell.text(), 120) if cell.value else "" for cell in cells[:3])
        if not name:
            raise cells[2].fail("the name of a limit was expected")
        if not chosen(name, config.names):
            sheet.leave_out("quotas that are not asked for")
        elif not cells[4].value:
            sheet.leave_out("quotas whose use Trusted Advisor does not tell")
        else:
            limit = limit_in(cells[3]) if cells[3].value else None
            place = None if region in ("", "-") else region
            body = quota(name, used_in(cells[4]), limit, region=place, product=service or None)
            sheet.add(quota_reading(body, service, place, name).subject, body, at=at)
    return sheet.parsed()
