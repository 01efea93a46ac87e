"""Recorded price lists, as observations that their connectors would have made of them, and as the bare texts that they are."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import Response
from secondsource.domain.money import Unit
from secondsource.domain.observations import Batch, Observation, Price, batch_of, observe

CORPUS = Path(os.environ.get("SECONDSOURCE_CORPUS") or Path(__file__).parents[2].parent / "shared" / "data")
COLUMNS: Mapping[str, str] = {"pricing.prompt": "input", "pricing.completion": "output"}
_ROUTER = Decimal(-1)
"""What the list writes for a model whose price depends on where it leads."""

Rows = list[dict[str, str]]


def snapshots(series: str) -> list[Path]:
    """The snapshots of a series, oldest first."""
    return sorted((CORPUS / "series" / series).iterdir())


def taken_at(path: Path) -> datetime:
    """When the snapshot was taken, by its name."""
    return datetime.strptime(path.stem, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)


def table(path: Path) -> Rows:
    """The rows of one snapshot of OpenRouter's prices, which another program made of its list of models."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def as_it_is(_at: datetime, rows: Rows) -> Rows:
    """The table unaltered."""
    return rows


def openrouter(paths: Sequence[Path], altered: Callable[[datetime, Rows], Rows] = as_it_is) -> Iterator[Batch]:
    """A poll for each snapshot, with what the connector ``openrouter_models`` would have read. ``altered`` may damage a table."""
    for path in paths:
        at = taken_at(path)
        seen: dict[str, Observation] = {}
        for row in altered(at, table(path)):
            for column, dimension in COLUMNS.items():
                value = Decimal(row[column])
                if value == _ROUTER:
                    continue
                body = Price(row["id"], value.scaleb(6), Unit.MILLION_TOKENS, dimension=dimension, original=f"{value:f} USD per token")
                subject = f"price/{row['id']}/{dimension}"
                seen[subject] = observe(source="list", vendor="openrouter", subject=subject, observed_at=at, body=body)
        yield batch_of("openrouter", "list", at, tuple(seen.values()))


def raw_openrouter(paths: Sequence[Path]) -> Iterator[tuple[datetime, str, Decimal]]:
    """The instant, name and value of each price, without any code that is tested."""
    for path in paths:
        for row in table(path):
            for column, dimension in COLUMNS.items():
                if not row[column].startswith("-"):
                    yield taken_at(path), f"price/{row['id']}/{dimension}", Decimal(row[column]) * 1_000_000


def litellm(paths: Sequence[Path]) -> Iterator[Batch]:
    """A poll for each snapshot and provider, read by the connector."""
    reader = connector("litellm_prices")
    config = reader.spec.config.model_validate({})
    for path in paths:
        at = taken_at(path)
        polls: dict[str, list[Observation]] = {}
        for reading in reader.parse(Response("https://localhost/", 200, {}, path.read_bytes(), at), config).readings:
            vendor = reading.vendor or "litellm"
            made = observe(source="list", vendor=vendor, subject=reading.subject, observed_at=at, body=reading.body)
            polls.setdefault(vendor, []).append(made)
        for vendor, observations in sorted(polls.items()):
            yield batch_of(vendor, "list", at, tuple(observations))


def raw_litellm(paths: Sequence[Path]) -> Iterator[tuple[datetime, str, Decimal]]:
    """The prices of tokens under the list's own names, ``model|name``, without any code that is tested."""
    for path in paths:
        for model, entry in json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal).items():
            for name, value in entry.items():
                if model != "sample_spec" and "token" in name and "cost" in name and value is not None:
                    yield taken_at(path), f"{model}|{name}", Decimal(value) * 1_000_000
