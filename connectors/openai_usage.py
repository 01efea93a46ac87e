"""What OpenAI costs your organisation and how much of each model it uses (the Usage and Costs interfaces).

The credential is an admin key of the organisation with leave to read usage, as a bearer token.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, Field

from secondsource.contracts.buckets import Progress, ReportConfig, begin, clock, count, following, results, use_readings
from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.usage import Bill, Line, answered_at, length, refused, used_in
from secondsource.domain.text import tidy

_WHO = "OpenAI"
_COSTS = "costs"
_FIELDS = (
    "input_tokens", "input_cached_tokens", "output_tokens", "input_audio_tokens", "output_audio_tokens", "num_model_requests", "images",
    "characters", "seconds",
)  # fmt: skip


class Config(ReportConfig):
    """The organisation that the key belongs to."""

    url: WebAddress = Field(default="https://api.openai.com/v1/organization", description="OpenAI's interface for organisations.")
    reports: tuple[str, ...] = Field(
        default=("completions", "embeddings"), description="Reports of use: completions, embeddings, images, audio_speeches and so on."
    )


class OpenaiUsage:
    """Spend by line item over the last whole period, and the tokens and requests of each model."""

    spec: ClassVar[Spec] = Spec(
        name="openai_usage",
        summary="OpenAI spend and use of your own organisation",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("quota", "spend"),
        documentation="https://platform.openai.com/docs/api-reference/usage",
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
        found = [result["object"].text() for _, result in results(root)]
        if progress.report == _COSTS or (not progress.report and found[:1] == ["organization.costs.result"]):
            return _costs(root, progress, token, response, config)
        return _used(root, progress, token, config)

    def recognise(self, response: Response) -> float:
        """By the first bucket's results."""
        try:
            root = document(response.body)
            if root.text_of("object") != "page":
                return 0.0
            first = next((result for _, result in results(root)), None)
            return 0.95 if first is not None and (first.text_of("object") or "").startswith("organization.") else 0.0
        except ParseError:
            return 0.0


def _request(config: Config, progress: Progress) -> Request:
    path = _COSTS if progress.report in ("", _COSTS) else f"usage/{progress.report}"
    params = {"bucket_width": "1d", "limit": "31", "group_by": "line_item" if path == _COSTS else "model"}
    if progress.start is not None and progress.end is not None:
        params |= {"start_time": f"{progress.start.timestamp():.0f}", "end_time": f"{progress.end.timestamp():.0f}"}
    params |= {"page": progress.page} if progress.page else {}
    url = f"{config.url.rstrip('/')}/{path}"
    return Request(
        url, headers={"accept": "application/json"}, params=params, auth=config.auth, every_status=True, memo=write_memo(progress)
    )


def _instant(node: Node) -> datetime:
    seconds = node.number()
    if not 0 < seconds < 10**11:
        raise node.fail("seconds since 1970 were expected")
    return datetime.fromtimestamp(int(seconds), UTC)


def _costs(root: Node, progress: Progress, token: str | None, response: Response, config: Config) -> Parsed:
    bill = Bill(progress.lines)
    for _, result in results(root):
        if (amount := result.get("amount")) is None:
            continue  # a day without a cost
        currency = amount["currency"].text().upper()
        if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
            raise amount["currency"].fail(f"{tidy(currency, 20)!r} is no currency")
        bill.add(Line(amount["value"].number(), currency, result.text_of("line_item")), result.where)
    at = answered_at(response)
    cursor = at.isoformat() if at else None
    if token and progress.report:
        more = Progress(_COSTS, progress.start, progress.end, token, bill.lines())
        return Parsed((), cursor=cursor, next_request=_request(config, more))
    if progress.end is not None:
        parsed = bill.parsed(config.period, progress.end, cursor)
    else:
        buckets = root["data"].items()
        start, end = _instant(buckets[0]["start_time"]), _instant(buckets[-1]["end_time"])
        parsed = bill.parsed(length(start, end, "data"), end)
    further = config.reports if config.usage and progress.report else ()
    if not further:
        return parsed
    return Parsed(
        parsed.readings,
        complete=parsed.complete,
        cursor=cursor,
        next_request=_request(config, Progress(further[0], progress.start, progress.end)),
        notes=parsed.notes,
    )


def _used(root: Node, progress: Progress, token: str | None, config: Config) -> Parsed:
    used = dict(progress.used)
    report = progress.report
    for _, result in results(root):
        report = report or tidy(result["object"].text().removeprefix("organization.usage.").removesuffix(".result"), 60)
        told = [field for field in _FIELDS if result.has(field)]
        if not told:
            raise result.fail("none of the figures of use that are known is there")
        for field in told:
            count(used, result.text_of("model"), field, used_in(result[field]), result)
    if token and progress.report:
        return Parsed((), next_request=_request(config, Progress(report, progress.start, progress.end, token, used=used)))
    after = config.reports[config.reports.index(report) + 1 :] if progress.report and report in config.reports else ()
    more = _request(config, Progress(after[0], progress.start, progress.end)) if after else None
    return Parsed(use_readings(report, used, config.period if progress.report else None), complete=bool(used), next_request=more)
