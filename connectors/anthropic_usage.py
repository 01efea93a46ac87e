"""What Anthropic costs your organisation and how much of each model it uses (the Admin interface's cost and usage reports).

The credential is an Admin API key, as a header named ``x-api-key``. Amounts come in cents. Priority Tier is in no cost report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.buckets import Progress, ReportConfig, begin, clock, count, following, results, use_readings
from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.usage import Bill, Line, answered_at, length, refused, used_in

_WHO = "Anthropic"
_COSTS, _USE = "cost_report", "usage_report/messages"
_FIELDS = (("uncached_input_tokens",), ("cache_read_input_tokens",), ("cache_creation", "ephemeral_1h_input_tokens"),
           ("cache_creation", "ephemeral_5m_input_tokens"), ("output_tokens",), ("server_tool_use", "web_search_requests"))  # fmt: skip
_CENT = Decimal("0.01")


class Config(ReportConfig):
    """The organisation that the key belongs to."""

    url: WebAddress = Field(default="https://api.anthropic.com/v1/organizations", description="Anthropic's interface for organisations.")


class AnthropicUsage:
    """Spend by description over the last whole period, and the tokens of each model."""

    spec: ClassVar[Spec] = Spec(
        name="anthropic_usage",
        summary="Anthropic spend and use of your own organisation",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("quota", "spend"),
        documentation="https://platform.claude.com/docs/en/api/admin/cost_report",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The costs before ``cursor``, the time of the last answer. At first a question without a time, whose answer tells it."""
        assert isinstance(config, Config)
        progress = begin(config, _COSTS, datetime.fromisoformat(cursor)) if cursor else Progress()
        return (_request(config, progress),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """A page of one report, and what to ask next. A refusal fails the poll."""
        assert isinstance(config, Config)
        progress = read_memo(response.memo, Progress)
        if response.memo and not progress.report:
            at = clock(response, _WHO)
            return at if isinstance(at, Parsed) else Parsed((), next_request=_request(config, begin(config, _COSTS, at)))
        if response.status != 200:
            return Parsed((), inconclusive=refused(response, _WHO))
        root = document(response.body)
        token = following(root)
        first = next((result for _, result in results(root)), None)
        if progress.report == _COSTS or (not progress.report and first is not None and first.has("amount")):
            return _costs(root, progress, token, response, config)
        return _used(root, progress, token, config)

    def recognise(self, response: Response) -> float:
        """By the first bucket and its results."""
        try:
            root = document(response.body)
            bucket, first = next(results(root), (root, None)) if root.has("data") and root.has("has_more") else (root, None)
            if first is None or not bucket.has("starting_at"):
                return 0.0
            return 0.95 if first.has("uncached_input_tokens") or (first.has("amount") and first.has("currency")) else 0.0
        except ParseError:
            return 0.0


def _request(config: Config, progress: Progress) -> Request:
    path = progress.report or _COSTS
    params = {"bucket_width": "1d", "limit": "31"}
    if progress.start is not None and progress.end is not None:
        params |= {"starting_at": f"{progress.start:%Y-%m-%dT%H:%M:%SZ}", "ending_at": f"{progress.end:%Y-%m-%dT%H:%M:%SZ}"}
    params |= {"page": progress.page} if progress.page else {}
    params["group_by[]"] = "description" if path == _COSTS else "model"
    url = f"{config.url.rstrip('/')}/{path}"
    headers = {"accept": "application/json", "anthropic-version": "2023-06-01"}
    return Request(url, headers=headers, params=params, auth=config.auth, every_status=True, memo=write_memo(progress))


def _costs(root: Node, progress: Progress, token: str | None, response: Response, config: Config) -> Parsed:
    bill = Bill(progress.lines)
    for _, result in results(root):
        if result["currency"].text() != "USD":
            raise result["currency"].fail("USD was expected: how many of the smallest unit make one is known of it only")
        amount = result["amount"].spelt_number() * _CENT
        bill.add(Line(amount, "USD", result.text_of("description"), item=result.text_of("model")), result.where)
    at = answered_at(response)
    cursor = at.isoformat() if at else None
    if token and progress.report:
        more = Progress(_COSTS, progress.start, progress.end, token, bill.lines())
        return Parsed((), cursor=cursor, next_request=_request(config, more))
    if progress.end is not None:
        parsed = bill.parsed(config.period, progress.end, cursor)
    else:
        buckets = root["data"].items()
        start, end = buckets[0]["starting_at"].instant(), buckets[-1]["ending_at"].instant()
        parsed = bill.parsed(length(start, end, "data"), end)
    if not (config.usage and progress.report):
        return parsed
    return Parsed(
        parsed.readings,
        complete=parsed.complete,
        cursor=cursor,
        next_request=_request(config, Progress(_USE, progress.start, progress.end)),
        notes=parsed.notes,
    )


def _used(root: Node, progress: Progress, token: str | None, config: Config) -> Parsed:
    used = dict(progress.used)
    for bucket, result in results(root):
        bucket["starting_at"].instant()  # without it this is the report of another vendor
        told = 0
        for path in _FIELDS:
            node: Node | None = result
            for step in path:
                node = node.get(step) if node is not None else None
            if node is not None:
                told += 1
                count(used, result.text_of("model"), path[-1], used_in(node), result)
        if not told:
            raise result.fail("none of the figures of use that are known is there")
    if token and progress.report:
        return Parsed((), next_request=_request(config, Progress(_USE, progress.start, progress.end, token, used=used)))
    return Parsed(use_readings("messages", used, config.period if progress.report else None), complete=bool(used))
