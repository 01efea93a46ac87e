"""``secondsource report``: papers made of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from secondsource.adapters.clock import SystemClock
from secondsource.adapters.reports.reading import vendor_review
from secondsource.adapters.reports.vendor import paper_of
from secondsource.cli._configuration import config_option
from secondsource.cli._papers import WRITERS, data_option, form_option, hand_out, output_option
from secondsource.cli._store import opened
from secondsource.domain.review.review import VendorReview
from secondsource.plans.load import load as load_plans


class _Instant(click.ParamType[datetime]):
    """A day (its first instant) or a day with a time, in UTC unless it says its own zone."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC; a usage error for anything else."""
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time; write a day as 2025-10-20, or a time as 2025-10-20T06:00Z", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@click.group("report")
def command() -> None:
    """Make a paper of what is stored."""


@command.command("vendor")
@click.argument("vendor", metavar="ID")
@click.option("--from", "start", type=_Instant(), metavar="TIME", help="The first instant, as 2025-10-20 (UTC).")
@click.option("--to", "end", type=_Instant(), metavar="TIME", help="Up to here and without it, as 2025-10-21 (UTC).")
@form_option
@output_option
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object, instead of a paper.")
@config_option
@data_option
def vendor(
    vendor: str,
    start: datetime | None,
    end: datetime | None,
    form: str,
    output: Path | None,
    as_json: bool,
    config: Path,
    data: Path | None,
) -> None:
    """The review of the vendor ID: how it did, what that did to us, what it costs, and what leaving would take.

    Without --from and --to it is about the last full quarter where the data reaches over its start, else about all that there is.
    """
    review = _review(vendor, start, end, config, data)
    text = msgspec.json.format(msgspec.json.encode(review), indent=2).decode() + "\n" if as_json else WRITERS[form](paper_of(review))
    hand_out(text, output, review.sentence)


def _review(vendor: str, start: datetime | None, end: datetime | None, config: Path, data: Path | None) -> VendorReview:
    with opened(config, data=data) as (settings, database):
        documents = load_plans(settings.runbook_folders).documents
        now = SystemClock().now()
        return database.read_now(lambda c: vendor_review(c, vendor, start, end, now, settings.context, documents))
