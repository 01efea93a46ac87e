"""Fixtures of connectors: a saved answer in, what the connector makes of it out.

<connector>/<case>/request.json          url, config and received_at; status, headers, latency_ms and memo where they matter
<connector>/<case>/response.*            the body, byte for byte
<connector>/<case>/expected.jsonl        the whole (complete, notes, inconclusive), then one line for each reading
<connector>/<case>/expected_error.json   in its place: where and why the connector refuses the body
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from secondsource.adapters.plugins import PluginError, connector
from secondsource.contracts.connector import Connector, Parsed, ParseError, Response
from secondsource.domain.observations import kind_of
from secondsource.domain.problems import Problem

REQUEST, READINGS, ERROR = "request.json", "expected.jsonl", "expected_error.json"
SUFFIXES: Mapping[str, str] = {
    "application/json": ".json", "application/atom+xml": ".atom", "application/rss+xml": ".rss", "application/xml": ".xml",
    "text/xml": ".xml", "text/html": ".html", "text/csv": ".csv", "text/plain": ".txt",
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was asked, and when the answer came: ``request.json``."""

    url: str
    config: dict[str, Any]
    received_at: datetime
    status: int = 200
    headers: dict[str, str] = {}
    latency_ms: int | None = None
    memo: str = ""


class Fixture(msgspec.Struct, frozen=True):
    """One case, ready to be parsed."""

    reader: Connector
    config: BaseModel
    response: Response

    def parse(self) -> Parsed:
        """What the connector makes of the answer. Raises :class:`ParseError` as it does, and where it says what it does not declare."""
        parsed = self.reader.parse(self.response, self.config)
        undeclared = {kind_of(reading.body) for reading in parsed.readings} - set(self.reader.spec.kinds)
        if undeclared:
            raise ParseError("spec.kinds", f"the connector emits {', '.join(sorted(undeclared))} and does not say so")
        return parsed


def read(case: Path) -> Fixture:
    """The case in the folder ``case``, for the connector that the folder above is named after.

    Raises ``ValueError`` in one sentence for what is no case, and ``PluginError`` for a connector that there is not.
    """
    reader = connector(case.parent.name)
    bodies = sorted(case.glob("response.*"))
    if len(bodies) != 1:
        raise ValueError(f"there are {len(bodies)} files response.* here; a case has one")
    try:
        asked = msgspec.json.decode((case / REQUEST).read_bytes(), type=Asked)
        config = reader.spec.config.model_validate(asked.config)
    except msgspec.DecodeError as error:
        raise ValueError(f"{REQUEST}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{REQUEST}: config.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    body = bodies[0].read_bytes()
    response = Response(asked.url, asked.status, asked.headers, body, asked.received_at, asked.latency_ms, asked.memo)
    return Fixture(reader, config, response)


def lines(parsed: Parsed) -> list[bytes]:
    """What ``expected.jsonl`` holds."""
    whole: dict[str, Any] = {"complete": parsed.complete, "notes": list(parsed.notes)}
    if parsed.inconclusive is not None:
        whole["inconclusive"] = parsed.inconclusive
    return [msgspec.json.encode(line) for line in (whole, *parsed.readings)]


def refusal(error: ParseError) -> bytes:
    """What ``expected_error.json`` holds."""
    return msgspec.json.encode({"where": error.where, "reason": error.reason})


def write(folder: Path, asked: Asked, suffix: str, body: bytes, outcome: Parsed | ParseError) -> None:
    """Write a case into ``folder``, which must not be there yet."""
    folder.mkdir(parents=True)
    (folder / REQUEST).write_bytes(msgspec.json.format(msgspec.json.encode(asked), indent=2) + b"\n")
    (folder / f"response{suffix}").write_bytes(body)
    if isinstance(outcome, ParseError):
        (folder / ERROR).write_bytes(msgspec.json.format(refusal(outcome), indent=2) + b"\n")
    else:
        (folder / READINGS).write_bytes(b"".join(line + b"\n" for line in lines(outcome)))


def check(case: Path) -> list[Problem]:
    """What is wrong with the case in the folder ``case``, or how its connector differs from what it expects; empty where it holds."""
    return sorted(_problems(case))


def _problems(case: Path) -> Iterator[Problem]:
    readings, error = case / READINGS, case / ERROR
    if readings.exists() == error.exists():
        yield Problem(str(case / REQUEST), 1, 1, f"a case has {READINGS} or {ERROR}, and exactly one of them")
        return
    try:
        fixture = read(case)
    except (ValueError, PluginError) as wrong:
        yield Problem(str(case / REQUEST), 1, 1, str(wrong))
        return
    try:
        found = lines(fixture.parse())
    except ParseError as refused:
        if readings.exists():
            yield Problem(str(readings), 1, 1, f"readings were expected; it was refused: {refused}")
        elif msgspec.json.decode(error.read_bytes()) != msgspec.json.decode(refusal(refused)):
            yield Problem(str(error), 1, 1, f"another refusal was expected, got {refused}")
        return
    if error.exists():
        yield Problem(str(error), 1, 1, f"a refusal was expected, got {len(found) - 1} readings")
        return
    wanted = readings.read_bytes().splitlines()
    for number in range(max(len(wanted), len(found))):
        have = found[number].decode() if number < len(found) else "nothing"
        want = wanted[number].decode() if number < len(wanted) else "nothing"
        if have != want:
            yield Problem(str(readings), number + 1, 1, f"expected {want}, got {have}")
