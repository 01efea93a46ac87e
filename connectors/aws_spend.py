"""What AWS costs: Cost Explorer's figures by service and region, or the budgets of an account.

The address decides. ``https://ce.us-east-1.amazonaws.com/`` tells what the last whole day or month cost (each question costs a cent).
``https://budgets.amazonaws.com/`` tells each budget and what of it is spent; a budget is a limit that your own people set.

The credential is an AWS key for the service ``ce`` (or ``budgets``) in ``us-east-1``, with leave for ce:GetCostAndUsage (or
budgets:ViewBudget).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.aws_json import aws_request, refusal
from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import PriceSheet, chosen, currency_in
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, document
from secondsource.contracts.usage import Bill, Line, Period, answered_at, figure, length, limit_in, quota, quota_reading, whole_period
from secondsource.domain.text import tidy

_NOWHERE = frozenset({"", "NoRegion", "global"})
_UNITS: Mapping[str, str] = {"DAILY": "day", "MONTHLY": "month", "QUARTERLY": "quarter", "ANNUALLY": "year"}


class Config(SourceConfig):
    """Cost Explorer or Budgets, and what to ask."""

    url: WebAddress = Field(default="https://ce.us-east-1.amazonaws.com/", description="Cost Explorer, or https://budgets.amazonaws.com/.")
    period: Period = Field(default="month", description="Cost Explorer: the last whole month or day.")
    metric: Literal["UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost"] = Field(
        default="UnblendedCost", description="Cost Explorer: which cost; the amortised ones spread what was paid ahead."
    )
    account: str = Field(default="", pattern="^([0-9]{12})?$", description="Budgets: the account whose budgets are read, 12 digits.")
    names: tuple[str, ...] = Field(default=(), description="Budgets: read budgets of these names only, with * and ?; all if empty.")


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked for: the time alone, or a period with the lines of its pages so far."""

    step: Literal["", "time", "cost"] = ""
    start: datetime | None = None
    end: datetime | None = None
    lines: tuple[Line, ...] = ()


class AwsSpend:
    """A reading for each service and region that cost something, or for each budget."""

    spec: ClassVar[Spec] = Spec(
        name="aws_spend",
        summary="AWS spend from Cost Explorer, and budgets",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("quota", "spend"),
        documentation="https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The budgets, or the period before ``cursor``, the time of the last answer. At first AWS is asked what time it is there."""
        assert isinstance(config, Config)
        if (urlsplit(config.url).hostname or "").startswith("budgets."):
            return (_budgets_request(config, None),)
        if not cursor:
            return (aws_request(config.url, _CALL, {}, auth=config.auth, memo=write_memo(_Memo("time"))),)
        start, end = whole_period(config.period, datetime.fromisoformat(cursor))
        return (_cost_request(config, _Memo("cost", start, end)),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """A page of costs or of budgets. A refusal of AWS fails the poll, with AWS's name for it."""
        assert isinstance(config, Config)
        memo = read_memo(response.memo, _Memo)
        at = answered_at(response)
        if memo.step == "time" and at is not None and response.status not in (401, 403):
            start, end = whole_period(config.period, at)
            return Parsed((), next_request=_cost_request(config, _Memo("cost", start, end)))
        if response.status != 200:
            return Parsed((), inconclusive=refusal(response))
        root = document(response.body)
        if root.has("ResultsByTime"):
            return _costs(root, memo, at, config)
        return _budgets(root, config)

    def recognise(self, response: Response) -> float:
        """By the first period or the first budget."""
        try:
            root = document(response.body)
            if times := root.list_of("ResultsByTime"):
                return 0.95 if times[0].has("TimePeriod") else 0.0
            budgets = root.list_of("Budgets")
            return 0.95 if budgets and budgets[0].has("BudgetName") else 0.0
        except ParseError:
            return 0.0


_CALL = "AWSInsightsIndexService.GetCostAndUsage"


def _cost_request(config: Config, memo: _Memo, token: str | None = None) -> Request:
    assert memo.start is not None
    assert memo.end is not None
    asked: dict[str, Any] = {
        "TimePeriod": {"Start": f"{memo.start:%Y-%m-%d}", "End": f"{memo.end:%Y-%m-%d}"},
        "Granularity": "MONTHLY" if config.period == "month" else "DAILY",
        "Metrics": [config.metric],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "REGION"}],
        **({"NextPageToken": token} if token else {}),
    }
    return aws_request(config.url, _CALL, asked, auth=config.auth, memo=write_memo(memo))


def _costs(root: Node, memo: _Memo, at: datetime | None, config: Config) -> Parsed:
    """The last period that the answer holds; of a saved answer that may be one that still runs, which is said."""
    latest = max(root["ResultsByTime"].items(), key=lambda found: found["TimePeriod"]["Start"].day(), default=None)
    if latest is None:
        raise root["ResultsByTime"].fail("there is no period, so nothing is known of the costs")
    span = latest["TimePeriod"]
    start, end = span["Start"].day(), span["End"].day()
    period = length(start, end, span.where)
    bill = Bill(memo.lines)
    for group in latest["Groups"].items():
        keys = [tidy(key.text(), 120) if key.value else "" for key in group["Keys"].items()]
        cost = group["Metrics"][config.metric]
        region = keys[1] if len(keys) > 1 and keys[1] not in _NOWHERE else None
        bill.add(Line(cost["Amount"].spelt_number(), currency_in(cost["Unit"]), keys[0] if keys else None, region), group.where)
    token, cursor = root.text_of("NextPageToken"), at.isoformat() if at else None
    if token and memo.start is not None:
        return Parsed((), cursor=cursor, next_request=_cost_request(config, _Memo("cost", memo.start, memo.end, bill.lines()), token))
    notes = ("AWS says that these costs may still change",) if latest.has("Estimated") and latest["Estimated"].value is True else ()
    return bill.parsed(period, end, cursor, notes)


def _budgets_request(config: Config, token: str | None) -> Request:
    asked = {"AccountId": config.account, "MaxResults": 100, **({"NextToken": token} if token else {})}
    return aws_request(config.url, "AWSBudgetServiceGateway.DescribeBudgets", asked, auth=config.auth)


def _budgets(root: Node, config: Config) -> Parsed:
    """What is spent of each budget, of money or of use."""
    sheet = PriceSheet()
    for budget in root["Budgets"].items():
        name = tidy(budget["BudgetName"].text(), 120)
        spent = budget["CalculatedSpend"].get("ActualSpend") if budget.has("CalculatedSpend") else None
        if not chosen(name, config.names):
            sheet.leave_out("budgets that are not asked for")
        elif spent is None:
            sheet.leave_out("budgets of which AWS does not tell what is spent")
        else:
            limit = budget.get("BudgetLimit")
            unit = tidy(spent["Unit"].text(), 30)
            if limit is not None and limit["Unit"].text() != spent["Unit"].text():
                raise limit["Unit"].fail(f"the limit is in another unit than what is spent ({unit})")
            every = budget["TimeUnit"].text()
            per = _UNITS.get(every, tidy(every, 20).lower())
            body = quota(name, max(figure(spent["Amount"]), Decimal(0)), limit_in(limit["Amount"]) if limit else None, unit=f"{unit}/{per}")
            sheet.add(quota_reading(body, "budget", name).subject, body)
    token = root.text_of("NextToken")
    return sheet.parsed(next_request=_budgets_request(config, token) if token else None)
