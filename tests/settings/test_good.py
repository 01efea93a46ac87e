"""What a sound configuration means."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from secondsource.domain.portfolio import Contract, Criticality, Dependency, Fallback, Function, Impact, Person, Workload
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Part, Upstream
from secondsource.settings.load import load
from secondsource.settings.settings import Settings
from tests.settings.bench import CORPUS, KNOWN, settings


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.good.yaml")), ids=lambda path: path.name)
def test_good_files_load(path: Path) -> None:
    assert load(path, KNOWN).path == path


@pytest.fixture(scope="module")
def whole() -> Settings:
    return load(CORPUS / "whole.good.yaml", KNOWN)


def test_five_lines_do_something() -> None:
    found = load(CORPUS / "five_lines.good.yaml", KNOWN)
    assert [(source.id, source.interval) for source in found.sources] == [
        ("halcyon-statuspage", minutes(1)),
        ("halcyon-litellm-prices", minutes(120)),
    ]
    assert [(channel.name, channel.kind, channel.to) for channel in found.channels] == [("ops", "slack", "#ops")]
    assert set(found.rules) == set(KNOWN.rules)
    assert found.data_dir == CORPUS / ".secondsource"
    assert found.public_url == "http://127.0.0.1:8765"
    assert found.context.graph.name("halcyon") == "Halcyon AI"


def test_functions_and_workloads(whole: Settings) -> None:
    portfolio = whole.context.portfolio
    assert portfolio.functions == (
        Function(
            "support", "Support assistant", "mara", Criticality.CRITICAL, ("bot", "sign-in"), minutes(60), minutes(15),
            (Impact(minutes(30), 3, "queues grow"), Impact(minutes(240), 5)),
        ),
        Function("research", "research", "duty-manager", Criticality.STANDARD, ("training",), timedelta(days=7)),
    )  # fmt: skip
    assert portfolio.workloads == (
        Workload("bot", "Support assistant's bot", "on-call"), Workload("sign-in", "sign-in"), Workload("training", "training"),
    )  # fmt: skip
    assert portfolio.currency == "EUR"


def test_dependencies(whole: Settings) -> None:
    assert whole.context.portfolio.dependencies == (
        Dependency(
            "bot-model", "bot", "model API", Scope("halcyon", "api"), 0.9, ("halcyon-large-2",), Decimal(61000),
            (
                Fallback(Scope("borealis"), 0.8, minutes(15), "model-api-failover"),
                Fallback(Scope("stratus", "vault", "south-1"), 1.0, timedelta(0)),
            ),
        ),
        Dependency("bot-borealis-api", "bot", "model API", Scope("borealis", "api"), 0.1),
        Dependency("bot-stratus-vault-north-1", "bot", "database", Scope("stratus", "vault", "north-1"), None, (), Decimal("1200.5")),
        Dependency("sign-in-stratus-north-1", "sign-in", "web front", Scope("stratus", None, "north-1")),
        Dependency("training-stratus-lab-1", "training", "GPU hours", Scope("stratus", None, "lab-1"), 1.0, ("x1",)),
    )  # fmt: skip


def test_people_and_contracts(whole: Settings) -> None:
    assert whole.people == (
        Person("mara", "Mara Lind", None, "U024BE7LH", ("on-call",)),
        Person("jonas", "jonas", "jonas@example.com", None, ("duty-manager",)),
    )
    assert whole.context.portfolio.contracts == (
        Contract(
            "halcyon-2026", "halcyon", date(2026, 1, 1), date(2026, 12, 31), timedelta(days=90), Decimal(800_000), "USD", 99.9
        ),
    )  # fmt: skip


def test_vendors_of_the_file_add_to_the_catalog(whole: Settings) -> None:
    vendors = whole.context.graph.vendors
    stratus = vendors["stratus"]
    assert stratus.name == "Stratus"
    assert stratus.regions == (Part("north-1", "Stratus North", ("Northland", "N1")), Part("south-1"), Part("lab-1"))
    assert stratus.depends_on == (
        Upstream(Scope("forge", "x1"), "accelerator", None, "Its price list.", 1.0),
        Upstream(Scope("borealis"), "service", "queue"),
    )
    assert (vendors["borealis"].country, vendors["borealis"].parent, vendors["borealis"].name) == ("NO", "halcyon", "Borealis AI")
    assert vendors["internal"].name == "Our own metrics"


def test_sources(whole: Settings) -> None:
    assert [(source.id, source.vendor, source.connector.spec.name, source.interval.total_seconds()) for source in whole.sources] == [
        ("stratus-statuspage", "stratus", "statuspage", 60),
        ("halcyon-statuspage", "halcyon", "statuspage", 90),
        ("own-metrics", "internal", "prometheus_quota", 60),
    ]
    own = whole.sources[2]
    assert isinstance(own.config, BaseModel)
    told = own.config.model_dump()
    assert (told["url"], told["auth"], [query["name"] for query in told["queries"]]) == (
        "http://10.2.0.9:9090",
        "prometheus",
        ["gpus", "spend"],
    )
    assert (own.allow, own.ports, own.deadline, own.max_bytes) == (("10.2.0.0/16",), (9090,), timedelta(seconds=5), 1_000_000)
    assert (whole.sources[0].ports, whole.sources[0].deadline) == (None, None)


def test_channels_and_rules(whole: Settings) -> None:
    slack, mail, pager = whole.channels
    assert slack.sender.model_dump()["timeout"] == timedelta(seconds=15)
    assert (mail.to, mail.sender.model_dump()["host"]) == (None, "mail.example.com")
    assert (pager.to, pager.allow) == ("pager", ("10.3.0.0/16",))
    assert set(whole.rules) == {"vendor_outage", "concentration"}
    assert whole.rules["vendor_outage"].model_dump()["clear_hold"] == minutes(20)
    concentration = whole.rules["concentration"].model_dump()
    assert (concentration["vendor"]["share"], concentration["chip"], concentration["margin"]) == (0.6, None, 0.05)
    assert [each["every"] for each in concentration["steps"]] == [minutes(90), timedelta(0)]


def test_the_program_itself(whole: Settings) -> None:
    assert whole.data_dir == CORPUS / "state"
    assert whole.public_url == "https://risk.example.com"
    assert (whole.api.host, whole.api.port) == ("0.0.0.0", 9000)
    assert whole.heartbeat is not None
    assert (whole.heartbeat.every, whole.heartbeat.allow) == (minutes(5), ("10.4.0.1/32",))
    assert (whole.retention.raw, whole.retention.log) == (timedelta(days=14), timedelta(days=14))
    assert set(whole.credentials) == {"prometheus", "billing", "vendor"}


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:8765"), ("0.0.0.0", "http://127.0.0.1:8765"), ('"::1"', "http://[::1]:8765")]
)
def test_the_page_has_an_address_of_its_own(tmp_path: Path, host: str, url: str) -> None:
    assert settings(tmp_path, f"api: {{host: {host}}}").public_url == url


def test_a_catalog_of_ones_own_adds_to_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "stratus.yaml").write_text(
        "id: stratus\nname: Stratus Two\nregions: [east-1]\nsources: [{connector: statuspage, url: 'https://new.stratus.example'}]\n"
        "---\n{id: extra, name: Extra}\n"
    )
    found = settings(tmp_path, "catalog: [mine]\nsources: [stratus]\nworkloads: {a: {needs: [{provides: x, from: stratus/east-1}]}}\n")
    vendors = found.context.graph.vendors
    assert (vendors["stratus"].name, [region.id for region in vendors["stratus"].regions]) == (
        "Stratus Two",
        ["north-1", "south-1", "east-1"],
    )
    assert vendors["extra"].name == "Extra"
    assert [(source.id, source.config.model_dump()["url"]) for source in found.sources] == [
        ("stratus-statuspage", "https://new.stratus.example")
    ]


def test_folders_of_ones_own_follow_the_shipped(tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    found = settings(tmp_path, "runbooks: [books]")
    assert found.runbook_folders == (*KNOWN.runbooks, tmp_path / "books")


def test_the_context_changes_with_the_company_only(tmp_path: Path) -> None:
    text = (CORPUS / "whole.good.yaml").read_text(encoding="utf-8")
    same = settings(tmp_path, text.replace("port: 9000", "port: 9001")).context.version
    other = settings(tmp_path, text.replace("rto: 1h", "rto: 2h")).context.version
    assert load(CORPUS / "whole.good.yaml", KNOWN).context.version == same != other
