"""What the rule finds in 18 recorded days of chip news, and that the order of outlets does not matter to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from secondsource.adapters.known import known
from secondsource.adapters.plugins import rules
from secondsource.domain.context import Context
from secondsource.domain.naming import naming
from secondsource.domain.observations import Label, News, Observation, observe
from secondsource.domain.portfolio import Criticality, Dependency, Function, Portfolio, Workload
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.domain.vendors import VendorGraph
from secondsource.settings.load import examine
from secondsource.testing.timeline import batches, play
from tests.connectors import test_corpus as corpus
from tests.connectors import test_news_corpus as news

pytestmark = corpus.pytestmark


def catalog(folder: Path) -> VendorGraph:
    file = folder / "secondsource.yaml"
    file.write_text("sources: [openai]\n")
    settings = examine(file, known()).settings
    assert settings is not None
    return settings.context.graph


def portfolio(*vendors: str) -> Portfolio:
    return Portfolio(
        functions=(Function("support", "Support", "owner", Criticality.CRITICAL, ("w",), timedelta(hours=1)),),
        workloads=(Workload("w", "Work"),),
        dependencies=tuple(Dependency(vendor, "w", vendor, Scope(vendor)) for vendor in vendors),
    )


def told(context: Context, observations: list[Observation], days: int) -> list[Signal]:
    rule = rules()["vendor_health"]
    until = max(each.observed_at for each in observations) + timedelta(days=days)
    return play([rule(rule.Params())], context, batches(observations), until)


def recorded(graph: VendorGraph) -> list[Observation]:
    """Each headline of the digest once, on the first day that has it, from the outlet that it links to."""
    found: dict[str, Observation] = {}
    for path in sorted((corpus.CORPUS / "series" / "chip-news-daily").glob("*.json")):
        at = datetime.fromisoformat(path.stem).replace(hour=8, tzinfo=UTC)
        for address, title in news.stories(json.loads(path.read_bytes())):
            labels = news.JAPANESE.labels(title, "")
            entities = tuple(sorted(naming(graph).entities(title, tuple(label.name for label in labels))))
            body = News(title, outlet=address.split("/")[2], labels=labels, entities=entities)
            subject = f"news/{news.key(address)}"
            found.setdefault(subject, observe(source="digest", vendor="press", subject=subject, observed_at=at, body=body))
    return list(found.values())


def test_of_18_days_of_chip_news_one_takeover_concerns_a_buyer_of_cloud_and_models(tmp_path: Path) -> None:
    graph = catalog(tmp_path)
    observations = recorded(graph)
    assert len(observations) > 250
    context = Context(portfolio("aws", "azure", "google-cloud", "coreweave", "openai", "groq", "slack"), graph)
    said = told(context, observations, 60)
    # Two stories of one outlet that NVIDIA takes over Groq. That NVIDIA, Micron and Marvell buy is no danger to who rests on them;
    # seven more takeovers are of companies that the catalog lacks, and what is said of energy, shortage and a storm is of nobody here.
    assert [(each.phase, each.key, each.severity, f"{each.at:%m-%d}") for each in said] == [
        (Phase.OPENED, "groq", Severity.LOW, "01-21"),
        (Phase.CLEARED, "groq", Severity.LOW, "02-11"),
    ]
    assert said[0].title == "Groq: acquisition in the news (1 outlet), Support rests on it"
    assert len(said[0].evidence.observations) == 2


def test_who_does_not_use_the_vendor_hears_nothing(tmp_path: Path) -> None:
    graph = catalog(tmp_path)
    assert told(Context(portfolio("slack"), graph), recorded(graph), 60) == []


def test_outlets_may_come_in_any_order() -> None:
    context, at = Context(portfolio("corvid")), datetime(2026, 1, 15, 12, tzinfo=UTC)
    label = (Label("insolvency", ("bankruptcy",)),)
    observations = [
        observe(
            source=outlet,
            vendor=outlet,
            subject="news/1",
            observed_at=at,
            body=News("Corvid files for bankruptcy", outlet=outlet, labels=label, entities=("corvid",)),
        )
        for outlet in ("one", "two", "three", "four")
    ]
    said = told(context, observations, 5)
    assert [each.severity for each in said] == [Severity.HIGH]
    assert said == told(context, observations[::-1], 5)
