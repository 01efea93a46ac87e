"""What the tests of the settings have in common: a few real plug-ins and a small catalog, so that new ones change no expectation."""

from __future__ import annotations

from pathlib import Path

from secondsource.adapters import plugins, senders
from secondsource.adapters.known import refusal
from secondsource.settings.known import Known
from secondsource.settings.load import Examined, examine, load
from secondsource.settings.settings import Settings

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"

KNOWN = Known(
    connectors={name: plugins.connector(name) for name in ("litellm_prices", "prometheus_quota", "statuspage")},
    rules={name: plugins.rule(name) for name in ("concentration", "price_change", "vendor_outage")},
    senders={kind: senders.settings_model(kind) for kind in ("email", "slack", "webhook")},
    catalog=(HERE / "catalog",),
    plans=lambda folders: frozenset({"model-api-failover", "region-failover"}),
    refusal=refusal,
)


def written(folder: Path, text: str) -> Path:
    """A configuration in ``folder`` with this ``text``."""
    path = folder / "secondsource.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def settings(folder: Path, text: str) -> Settings:
    """The settings of ``text``."""
    return load(written(folder, text), KNOWN)


def looked_at(folder: Path, text: str) -> Examined:
    """``text`` with what is wrong with it."""
    return examine(written(folder, text), KNOWN)


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with ``text``: line, column and sentence of each."""
    return [f"{p.line}:{p.column}: {p.text}" for p in looked_at(folder, text).problems]
