"""Every recorded status file: read by the connector that ``detect`` names, or listed with the reason why no connector reads it."""

from __future__ import annotations

import pytest

from secondsource.cli.detect import candidates
from tests.connectors.test_corpus import CORPUS, parse, pytestmark, response

__all__ = ["pytestmark"]

READ = {
    "openai__statuspage-summary.json": "incident_io",
    "cloudflare__statuspage-summary.json": "statuspage",
    "github__statuspage-incidents.json": "statuspage",
    "github__statuspage-history.atom": "feed_status",
    "aws__status-all.rss": "feed_status",
    "azure__status-rss-empty.xml": "azure_public",
    "aws__status-data-2022.json": "aws_public",
    "gcp__incidents-2026-07.json": "google_cloud",
}
"""What ``detect`` says of each answer of a service."""

_PLACEBO = "recorded by placebo, which writes instants as objects; the wire form in it is read in test_answers_of_aws_health"
_SCRAPED = "a table that researchers scraped from a page; no service answers so"
_DERIVED = "a list that others worked out from many feeds; it serves as expected values"
_REPORTS = "counts of reports by users, which no connector reads"

NOT_READ = {
    "anthropic-api__uptime-history.csv": _SCRAPED,
    "anthropic__incident-history-202303_202305.csv": _SCRAPED,
    "anthropic__incident-history-202406_202408.csv": _SCRAPED,
    "openai-chatgpt__uptime-history.csv": _SCRAPED,
    "openai__incident-history-202012_202102.csv": _SCRAPED,
    "openai__incident-history-202206_202208.csv": _SCRAPED,
    "openai__incident-history-202406_202408.csv": _SCRAPED,
    "atlas__baseline.json": _DERIVED,
    "atlas__incidents-2019.json": _DERIVED,
    "atlas__incidents-2023.json": _DERIVED,
    "atlas__summary.json": _DERIVED,
    "github__downtime-windows.csv": _DERIVED,
    "downdetector__outage-counts.csv": _REPORTS,
    "outage-report__aws-187783.json": _REPORTS,
    "outage-report__azure-224101.json": _REPORTS,
    "outage-report__gcp-229987.json": _REPORTS,
    "aws-health__ec2-health-events-filter-DescribeEventDetails.json": _PLACEBO,
    "aws-health__ec2-health-events-filter-DescribeEvents.json": _PLACEBO,
    "aws-health__health-augment-DescribeAffectedEntities.json": _PLACEBO,
    "aws-health__health-augment-DescribeEventDetails.json": _PLACEBO,
    "aws-health__health-augment-DescribeEvents.json": _PLACEBO,
}


def test_every_file_is_read_or_listed() -> None:
    files = {path.name for path in (CORPUS / "status").iterdir()}
    assert files == READ.keys() | NOT_READ.keys()
    assert not READ.keys() & NOT_READ.keys()


@pytest.mark.parametrize(("file", "name"), READ.items())
def test_detect_names_the_connector_that_reads_it(file: str, name: str) -> None:
    found = candidates(response(CORPUS / "status" / file))
    assert found[0][0] == name, found


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, name in READ.items() if not file.startswith("azure")])
def test_and_that_connector_finds_something_to_say(file: str, name: str) -> None:
    """Azure's empty feed says something only while it is fresh, which has a test of its own."""
    assert parse(name, f"status/{file}").readings


@pytest.mark.parametrize("file", sorted(file for file, reason in NOT_READ.items() if reason is not _PLACEBO))
def test_what_is_no_answer_of_a_service_is_not_taken_for_one(file: str) -> None:
    assert candidates(response(CORPUS / "status" / file)) == ()
