"""What Google Cloud costs, by service and region: its billing export in BigQuery, last month's invoice, credits taken off.

BigQuery is asked to sum the export; rows of the export itself, as a list of JSON objects, are read too. The credential is a token with
leave to run jobs in the project (``bigquery.jobs.create``) and to read the table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import currency_in
from secondsource.contracts.reading import Node, SourceConfig, document
from secondsource.contracts.usage import Bill, Line, figure, month_after
from secondsource.domain.items import accelerator
from secondsource.domain.text import tidy

_COLUMNS = ("service", "region", "sku", "currency", "month", "cost")
_SQL = """SELECT service.description AS service, location.region AS region,
  IF(REGEXP_CONTAINS(sku.description, r'(?i)\\b(gpu|tpu)\\b'), sku.description, '') AS sku, currency, invoice.month AS month,
  CAST(SUM(CAST(cost AS BIGNUMERIC) + IFNULL((SELECT SUM(CAST(c.amount AS BIGNUMERIC)) FROM UNNEST(credits) AS c), 0)) AS STRING) AS cost
FROM `{table}`
WHERE invoice.month = FORMAT_DATE('%Y%m', DATE_SUB(CURRENT_DATE(), INTERVAL 1 MONTH))
GROUP BY service, region, sku, currency, month"""
_MONTH = re.compile("20[0-9]{2}(?:0[1-9]|1[0-2])")


class Config(SourceConfig):
    """The project that pays for the question, ``https://bigquery.googleapis.com/bigquery/v2/projects/<project>``, and the table."""

    table: str = Field(
        default="billing.gcp_billing_export_v1",
        pattern=r"^[A-Za-z0-9_.:-]{1,200}$",
        description="The table of the export: <project>.<dataset>.gcp_billing_export_v1_<account>.",
    )
    location: str = Field(default="", pattern="^[A-Za-z0-9-]{0,40}$", description="Where the data set lies, if not in the US: EU.")


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """The lines of the pages so far."""

    lines: tuple[Line, ...] = ()
    month: str = ""


class GcpBillingExport:
    """A reading for each service and region of the last invoice."""

    spec: ClassVar[Spec] = Spec(
        name="gcp_billing_export",
        summary="Google Cloud spend from the billing export in BigQuery",
        config=Config,
        interval=timedelta(hours=6),
        kinds=("spend",),
        documentation="https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The question."""
        assert isinstance(config, Config)
        asked = {"query": _SQL.format(table=config.table), "useLegacySql": False, "maxResults": 2000, "timeoutMs": 30_000}
        headers = {"accept": "application/json", "content-type": "application/json"}
        body = msgspec.json.encode(asked | ({"location": config.location} if config.location else {}))
        return (Request(_queries(config), "POST", headers=headers, body=body, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The lines of one page; told when the last one is there. Google's own error is a ParseError with its status."""
        assert isinstance(config, Config)
        root = document(response.body)
        memo = read_memo(response.memo, _Memo)
        if isinstance(root.value, list):
            if not root.value:
                raise root.fail("there is no row, so nothing is known of the costs")
            return _told([_exported(row) for row in root.items()], memo)
        if root.has("error"):
            raise root["error"].fail(f"Google answers {tidy(root['error'].text_of('status') or 'an error', 80)}")
        if root["jobComplete"].value is not True:
            return Parsed((), inconclusive="BigQuery has not finished the question in time")
        rows = list(_answered(root))
        token = root.text_of("pageToken")
        if token is None:
            return _told(rows, memo)
        bill, month = _summed(rows, memo)
        job = root["jobReference"]
        params = {"pageToken": token, "maxResults": "2000", **({"location": place} if (place := job.text_of("location")) else {})}
        url = f"{_queries(config)}/{_name(job['jobId'])}"
        return Parsed((), next_request=Request(url, params=params, auth=config.auth, memo=write_memo(_Memo(bill.lines(), month))))

    def recognise(self, response: Response) -> float:
        """By the columns of the question, or the first row of the export."""
        try:
            root = document(response.body)
            if isinstance(root.value, list):
                rows = root.items()
                return 0.95 if rows and rows[0].has("invoice") and rows[0].has("cost") and rows[0].has("service") else 0.0
            fields = root["schema"].list_of("fields") if root.has("schema") else []
            return 0.95 if [field["name"].value for field in fields] == list(_COLUMNS) else 0.0
        except ParseError:
            return 0.0


def _queries(config: Config) -> str:
    return config.url.rstrip("/").removesuffix("/queries") + "/queries"


def _name(job: Node) -> str:
    if not re.fullmatch("[A-Za-z0-9_-]{1,200}", name := job.text()):
        raise job.fail("the id of a job was expected")
    return name


def _answered(root: Node) -> Iterator[tuple[Line, str, str]]:
    """Line, month and place of each row of an answer, whose cells stand in the order of the schema."""
    names = [field["name"].text() for field in root["schema"]["fields"].items()]
    if missing := sorted(set(_COLUMNS) - set(names)):
        raise root["schema"]["fields"].fail(f"no column {missing[0]!r}")
    for row in root.list_of("rows"):
        cells = row["f"].items()
        if len(cells) != len(names):
            raise row["f"].fail(f"{len(cells)} cells for {len(names)} columns")
        told = {name: cell["v"] for name, cell in zip(names, cells, strict=True)}
        yield _line(told, figure(told["cost"])), _month(told["month"]), row.where


def _exported(row: Node) -> tuple[Line, str, str]:
    """Line, month and place of a row of the export itself."""
    cost = figure(row["cost"])
    for credit in row.list_of("credits"):
        cost += figure(credit["amount"])
    told = {
        "service": row["service"]["description"],
        "sku": row["sku"]["description"] if row.has("sku") else Node(None, row.where),
        "region": (row["location"].get("region") if row.has("location") else None) or Node(None, row.where),
        "currency": row["currency"],
    }
    return _line(told, cost), _month(row["invoice"]["month"]), row.where


def _line(told: Mapping[str, Node], cost: Decimal) -> Line:
    sku = told["sku"].value
    region = told["region"].value
    return Line(
        cost,
        currency_in(told["currency"]),
        tidy(told["service"].text(), 120),
        tidy(told["region"].text(), 80) if region else None,
        accelerator(told["sku"].text()) if sku else None,
    )


def _month(node: Node) -> str:
    if not _MONTH.fullmatch(text := node.text()):
        raise node.fail(f"{tidy(text, 20)!r} is no month of an invoice; something like 202512 was expected")
    return text


def _summed(rows: Sequence[tuple[Line, str, str]], memo: _Memo) -> tuple[Bill, str]:
    """The newest month's lines."""
    month = max((month for _, month, _ in rows), default=memo.month)
    bill = Bill(memo.lines if memo.month in ("", month) else ())
    for line, told, where in rows:
        if told == month:
            bill.add(line, where)
    return bill, month


def _told(rows: Sequence[tuple[Line, str, str]], memo: _Memo) -> Parsed:
    bill, month = _summed(rows, memo)
    older = sum(told != month for _, told, _ in rows)
    end = month_after(datetime(int(month[:4]), int(month[4:]), 1, tzinfo=UTC), "invoice.month") if _MONTH.fullmatch(month) else None
    return bill.parsed("month", end, notes=(f"{older} rows of earlier months left out",) if older else ())
