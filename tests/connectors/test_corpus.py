"""The connectors on recorded payloads of real services, read in place at ``SECONDSOURCE_CORPUS`` (default ``../shared/data``)."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from secondsource.adapters.plugins import connector
from secondsource.cli.detect import candidates
from secondsource.contracts.connector import Parsed, ParseError, Response
from secondsource.domain.observations import ComponentStatus, Incident, IncidentUpdate, kind_of
from secondsource.domain.status import Status

CORPUS = Path(os.environ.get("SECONDSOURCE_CORPUS") or Path(__file__).parents[2].parent / "shared" / "data")
REQUIRED = os.environ.get("SECONDSOURCE_CORPUS_REQUIRED") == "1"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REQUIRED and not (CORPUS / "status").is_dir(), reason=f"there are no recorded payloads at {CORPUS}"),
]


def response(path: Path) -> Response:
    return Response("https://localhost/", 200, {}, path.read_bytes(), datetime(2026, 9, 1, tzinfo=UTC))


def parse(name: str, file: str | Path) -> Parsed:
    reader = connector(name)
    return reader.parse(response(CORPUS / file), reader.spec.config.model_validate({"url": "https://localhost/"}))


def kinds(parsed: Parsed) -> dict[str, int]:
    return dict(Counter(kind_of(reading.body) for reading in parsed.readings))


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("incident_io", "status/openai__statuspage-summary.json", {"component_status": 26}),
        ("statuspage", "status/cloudflare__statuspage-summary.json", {"component_status": 4, "maintenance": 3}),
        ("statuspage", "status/github__statuspage-incidents.json", {"incident": 5}),
        ("feed_status", "status/github__statuspage-history.atom", {"incident": 25}),
        ("feed_status", "status/aws__status-all.rss", {"incident": 2}),
        ("aws_public", "status/aws__status-data-2022.json", {"component_status": 1, "incident": 86}),
        ("google_cloud", "status/gcp__incidents-2026-07.json", {"component_status": 1, "incident": 2}),
    ],
)
def test_counts(name: str, file: str, expected: dict[str, int]) -> None:
    assert kinds(parse(name, file)) == expected
    assert candidates(response(CORPUS / file))[0][0] == name


NEWS = {
    "cdata__atom.xml": 10,
    "feedjira__a10.xml": 5,
    "feedjira__amazon-web-services-blog.xml": 10,
    "feedjira__atom-feed-with-spaces-around-equals.xml": 1,
    "feedjira__atom-with-link-tag-for-url-unmarked.xml": 1,
    "feedjira__duplicate-content-atom-feed.xml": 10,
    "feedjira__feed-burner-xhtml.xml": 10,
    "feedjira__google-alerts-atom.xml": 20,
    "feedjira__invalid-date-format.xml": 2,
    "feedjira__tech-crunch.xml": 20,
    "feedjira__youtube-atom.xml": 15,
    "feedparser__big5.xml": 0,
    "feedparser__demoronize-1.xml": 1,
    "feedparser__double-encoded-html.xml": 1,
    "feedparser__euckr.xml": 1,
    "feedparser__rss_incomplete_cdata.xml": 0,
    "feedparser__rss_item_link_corrupted_ampersands.xml": 0,
    "feedparser__shiftjis.xml": 1,
    "iso-8859-1__rss.xml": 1,
    "slickdeals__atom.xml": 79,
}
UNREADABLE = {
    "feedparser__aaa_illformed.xml",
    "feedparser__bozo_invalid-bytes-with-bom.xml",
    # neither a title nor an entry
    "feedparser__http_high_bit_date.xml",
    "feedparser__http_text_xml_charset_overrides_encoding.xml",
    "feedparser__utf-16le-bom.xml",
    "feedparser__rss_empty_document.xml",
    "feedparser__undeclared_namespace.xml",
}


def test_news_feeds_of_every_kind() -> None:
    found = {}
    refused = set()
    for path in sorted((CORPUS / "news").glob("*.xml")):
        try:
            parsed = parse("news_feed", path)
        except ParseError:
            refused.add(path.name)
            continue
        assert not parsed.complete
        assert len({reading.subject for reading in parsed.readings}) == len(parsed.readings)
        found[path.name] = len(parsed.readings)
    assert found == NEWS
    assert refused == UNREADABLE


def test_github_history_over_51_days_gives_each_incident_once_and_its_updates_in_order() -> None:
    files = sorted((CORPUS / "series" / "github-status-atom").glob("*.atom"))
    assert len(files) == 51
    latest: dict[str, tuple[IncidentUpdate, ...]] = {}
    for path in files:
        parsed = parse("feed_status", path)
        assert len(parsed.readings) == 25
        for reading in parsed.readings:
            body = reading.body
            assert isinstance(body, Incident)
            times = [update.at for update in body.updates]
            assert all(times), reading.subject
            assert times == sorted(times, reverse=True), reading.subject
            assert reading.occurred_at is not None
            assert all(update.at and update.at.year == 2025 for update in body.updates)
            known = latest.get(reading.subject, ())
            assert len(body.updates) >= len(known), f"{reading.subject} lost updates"
            latest[reading.subject] = body.updates
    assert len(latest) == 61


def as_sent(file: str) -> Response:
    """A recorded answer of AWS Health as AWS sends it: placebo, which recorded it, keeps parsed instants in a wrapping of its own."""

    def plain(found: dict[str, Any]) -> Any:
        if found.pop("__class__", None) == "datetime":
            return datetime(**found, tzinfo=UTC).timestamp()
        return found

    saved = json.loads((CORPUS / file).read_bytes(), object_hook=plain)
    assert saved["status_code"] == 200
    return replace(response(CORPUS / file), body=json.dumps(saved["data"]).encode())


@pytest.mark.parametrize(
    ("file", "expected", "left_out"),
    [
        ("status/aws-health__ec2-health-events-filter-DescribeEvents.json", {"maintenance": 1}, 0),
        ("status/aws-health__ec2-health-events-filter-DescribeEventDetails.json", {"maintenance": 1}, 0),
        # an open notification about a bill, and an issue that is over
        ("status/aws-health__health-augment-DescribeEvents.json", {"incident": 1}, 1),
        ("status/aws-health__health-augment-DescribeEventDetails.json", {"incident": 1}, 0),
        ("status/aws-health__health-augment-DescribeAffectedEntities.json", {}, 1),
    ],
)
def test_answers_of_aws_health(file: str, expected: dict[str, int], left_out: int) -> None:
    reader = connector("aws_health")
    saved = as_sent(file)
    parsed = reader.parse(saved, reader.spec.config.model_validate({"url": "https://localhost/"}))
    assert kinds(parsed) == expected
    assert len(parsed.notes) == left_out
    assert all(reading.occurred_at and reading.occurred_at.year in (2016, 2017) for reading in parsed.readings)
    if expected:
        assert candidates(saved)[0][0] == "aws_health"


def test_azures_empty_feed_means_that_all_is_well_while_it_is_fresh() -> None:
    reader = connector("azure_public")
    config = reader.spec.config.model_validate({"url": "https://localhost/"})
    saved = response(CORPUS / "status/azure__status-rss-empty.xml")
    assert candidates(saved)[0][0] == "azure_public"
    built = datetime(2026, 7, 31, 0, 12, tzinfo=UTC)
    page = reader.parse(replace(saved, received_at=built + timedelta(minutes=5)), config)
    assert [(r.subject, r.body.status) for r in page.readings if isinstance(r.body, ComponentStatus)] == [("page", Status.OPERATIONAL)]
    with pytest.raises(ParseError, match="last written 2026-07-31 00:12 UTC"):
        reader.parse(replace(saved, received_at=built + timedelta(hours=2)), config)


def test_the_clock_times_of_awss_older_log_are_brought_into_order() -> None:
    incidents = [reading.body for reading in parse("aws_public", "status/aws__status-data-2022.json").readings[1:]]
    updates = 0
    for body in incidents:
        assert isinstance(body, Incident)
        assert body.resolved
        times = [update.at for update in body.updates if update.at]
        assert len(times) == len(body.updates)
        assert times == sorted(times, reverse=True)
        assert body.started_at is not None
        # the log gives minutes, the event's own time seconds
        assert abs(body.started_at - times[-1]) < timedelta(minutes=1)
        assert body.resolved_at == times[0]
        updates += len(times)
    assert updates == 352
