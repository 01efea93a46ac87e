"""Use of Google Cloud's quotas: those of Compute Engine, by project and region, and those that Cloud Monitoring keeps for any service.

The address decides. ``https://compute.googleapis.com/compute/v1/projects/<project>`` gives limit and use side by side.
``https://monitoring.googleapis.com/v3/projects/<project>`` gives them as time series, joined here; a service without one is not known of.
The credential is a token with the right to read (``compute.projects.get``, ``compute.regions.list``; ``monitoring.timeSeries.list``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import PriceSheet, chosen
from secondsource.contracts.reading import Node, SourceConfig, document, moment
from secondsource.contracts.usage import answered_at, limit_in, quota, quota_reading, used_in
from secondsource.domain.text import tidy

_PREFIX = "serviceruntime.googleapis.com/quota/"
_USED, _LIMIT = f"{_PREFIX}allocation/usage", f"{_PREFIX}limit"
_LOOK_BACK = timedelta(days=2)  # Google writes these series once a day at least


class Config(SourceConfig):
    """A project of Compute Engine or of Cloud Monitoring, and which quotas to read."""

    regions: bool = Field(default=True, description="Compute Engine: read the quotas of each region too, not of the project alone.")
    metrics: tuple[str, ...] = Field(
        default=(), description="Read these metrics only, with * and ?: NVIDIA_*, aiplatform.googleapis.com/*; all if empty."
    )


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a poll of Cloud Monitoring is: the limits found so far, by the labels of their series, and the time it is there."""

    step: Literal["", "time", "limit", "used"] = ""
    at: str = ""
    limits: Mapping[str, Decimal] = {}


class GcpQuotas:
    """One reading for each quota whose use is told."""

    spec: ClassVar[Spec] = Spec(
        name="gcp_quotas",
        summary="Use of Google Cloud's quotas by your own project",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("quota",),
        documentation="https://cloud.google.com/compute/docs/reference/rest/v1/projects/get",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The project and its regions. Cloud Monitoring is asked what holds at ``cursor``, the time of the last answer."""
        assert isinstance(config, Config)
        if (urlsplit(config.url).hostname or "").startswith("monitoring."):
            return (_series(config, _Memo("limit", cursor)) if cursor else _series(config, _Memo("time")),)
        base = config.url.rstrip("/")
        return tuple(_request(url, config) for url in ((base, f"{base}/regions") if config.regions else (base,)))

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The quotas in one answer. Google's own error is a ParseError with its status."""
        assert isinstance(config, Config)
        memo = read_memo(response.memo, _Memo)
        if memo.step == "time":
            return _told_the_time(response, config)
        root = document(response.body)
        if root.has("error"):
            error = root["error"]
            raise error.fail(f"Google answers {tidy(error.text_of('status') or error.text_of('message') or 'an error', 80)}")
        if "timeSeries" in root.mapping() or memo.step or (root.has("unit") and not root.has("kind")):
            return _monitoring(root, memo, response, config)
        sheet = PriceSheet()
        if "quotas" in root.mapping():
            _quotas(root, config, sheet)
            return sheet.parsed()
        places = root["items"].items()
        if not places:
            raise root["items"].fail("there is no region; nothing is known of the quotas")
        for place in places:
            _quotas(place, config, sheet)
        token = root.text_of("nextPageToken")
        return sheet.parsed(next_request=_request(f"{config.url.rstrip('/')}/regions", config, token) if token else None)

    def recognise(self, response: Response) -> float:
        """By the quotas of a project or of the first region, or series of quotas."""
        try:
            root = document(response.body)
            place = (root.list_of("items") or [root])[0]
            if quotas := place.list_of("quotas"):
                return 0.95 if quotas[0].has("metric") and quotas[0].has("limit") else 0.0
            series = root.list_of("timeSeries")
            return 0.95 if series and (series[0]["metric"].text_of("type") or "").startswith(_PREFIX) else 0.0
        except ParseError:
            return 0.0


def _request(url: str, config: Config, token: str | None = None) -> Request:
    return Request(url, headers={"accept": "application/json"}, params={"pageToken": token} if token else {}, auth=config.auth)


def _quotas(place: Node, config: Config, sheet: PriceSheet) -> None:
    """Those of a project, or of a region."""
    region = tidy(place["name"].text(), 80) if place.text_of("kind") == "compute#region" else None
    quotas = place["quotas"].items()
    if not quotas:
        raise place["quotas"].fail("the list is empty; nothing is known of the quotas")
    for entry in quotas:
        metric = tidy(entry["metric"].text(), 120)
        if not chosen(metric, config.metrics):
            sheet.leave_out("quotas that are not asked for")
        elif not entry.has("usage"):
            sheet.leave_out("quotas whose use Google does not tell")
        else:
            body = quota(metric, used_in(entry["usage"]), limit_in(entry.get("limit")), region=region, product="compute")
            sheet.add(quota_reading(body, "compute", region, metric).subject, body)


def _series(config: Config, memo: _Memo, token: str | None = None) -> Request:
    """Limits, then what is used. Without a period Google refuses, and tells the time by that."""
    params = {"filter": f'metric.type = "{_USED if memo.step == "used" else _LIMIT}"', "pageSize": "1000"}
    end = moment(memo.at)
    if end is not None:
        params |= {"interval.startTime": f"{end - _LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}", "interval.endTime": memo.at}
    url = config.url.rstrip("/").removesuffix("/timeSeries") + "/timeSeries"
    more = {"pageToken": token} if token else {}
    headers = {"accept": "application/json"}
    return Request(url, headers=headers, params=params | more, auth=config.auth, every_status=memo.step == "time", memo=write_memo(memo))


def _told_the_time(response: Response, config: Config) -> Parsed:
    at = answered_at(response)
    if at is None or response.status in (401, 403):
        return Parsed((), inconclusive=f"Google answered {response.status}{'' if at else ' and does not say what time it is there'}")
    return Parsed((), next_request=_series(config, _Memo("limit", f"{at:%Y-%m-%dT%H:%M:%SZ}")))


def _monitoring(root: Node, memo: _Memo, response: Response, config: Config) -> Parsed:
    sheet = PriceSheet()
    limits = dict(memo.limits)
    series = root.list_of("timeSeries")
    if not series and memo.step != "limit":
        raise ParseError("timeSeries", "there is no series, so nothing is known of what is used")
    for entry in series:
        kind = entry["metric"]["type"].text()
        if kind not in (_USED, _LIMIT):
            raise entry["metric"]["type"].fail(f"{tidy(kind, 80)!r} is no quota; {_USED} or {_LIMIT} was expected")
        key = _labels(entry)
        latest = _latest(entry)
        if latest is None:
            sheet.leave_out("series without a point")
        elif kind == _LIMIT:
            name, limit = "/".join(key), limit_in(latest[1])
            if limit is not None:
                # where one metric has several limits the tightest one is met first
                limits[name] = min(limits.get(name, limit), limit)
        elif not chosen(key[1], config.metrics):
            sheet.leave_out("quotas that are not asked for")
        else:
            service, metric, place = key
            region = None if place in ("", "global") else place
            body = quota(metric, used_in(latest[1]), limits.get("/".join(key)), region=region, product=service)
            sheet.add(quota_reading(body, service, place, metric).subject, body, at=latest[0])
    token = root.text_of("nextPageToken")
    step = memo.step or "used"
    after = _Memo(step, memo.at, limits if step == "limit" else memo.limits)
    if token:
        further: Request | None = _series(config, after, token)
    else:
        further = _series(config, _Memo("used", memo.at, limits)) if step == "limit" else None
    answered = answered_at(response)
    return sheet.parsed(cursor=f"{answered:%Y-%m-%dT%H:%M:%SZ}" if answered else None, next_request=further)


def _labels(entry: Node) -> tuple[str, str, str]:
    """Service, metric and place of a series of a quota."""
    resource, labels = entry["resource"]["labels"], entry["metric"]["labels"]
    told = (resource.text_of("service"), labels["quota_metric"].text(), resource.text_of("location"))
    service, metric, place = (tidy(text or "", 120) for text in told)
    return service, metric, place


def _latest(entry: Node) -> tuple[datetime, Node] | None:
    """The newest point of a series; Google puts it first."""
    points = []
    for point in entry.list_of("points"):
        value = point["value"]
        number = value.get("int64Value") or value.get("doubleValue")
        if number is None:
            raise value.fail("a number (int64Value or doubleValue) was expected")
        points.append((point["interval"]["endTime"].instant(), number))
    return max(points, key=itemgetter(0)) if points else None
