"""The demo day from page to paper, held against the list of what must happen: nothing missing, nothing more, no message twice.

``demo_day.txt`` is that list, by time. Times of findings are those of the first poll after the page changed, plus the rule's hold; times of
messages follow from the runbooks' waits and from what the cast does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondsource.adapters import plugins
from secondsource.adapters.sql import log, outbox, signals
from secondsource.adapters.sql.database import Database
from secondsource.domain.ledger import digest
from secondsource.domain.observations import TICK_KEY, Batch, tick
from secondsource.engine.engine import Engine
from secondsource.runtimes.replay import replay
from tests.support.chance import Dice
from tests.support.configured import settings_in

EXPECTED = Path(__file__).with_name("demo_day.txt")
PROGRAM = [sys.executable, "-c", "from services.command import main; main()"]


def demo(folder: Path, *words: str) -> Any:
    """The JSON of a whole day, played by the command as a user calls it."""
    done = subprocess.run(
        [*PROGRAM, "demo", "--once", "--json", "--data", str(folder), *words], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, demo(folder)


def told(folder: Path, result: Any) -> list[str]:
    """Findings, what they hit, and messages, a line each, by time."""
    database = Database(folder / "store" / "secondsource.db")
    try:
        found = database.read_now(lambda c: list(signals.read_all(c)))
    finally:
        database.close()
    functions = {risk["id"]: " ".join(risk["functions"]) or "nobody" for risk in result["risks"]}
    rules = {risk["id"]: f"{risk['rule']} {risk['subject']}" for risk in result["risks"]}
    lines = [
        f"{s.at:%H:%M:%S} 1 {'drill ' if s.exercise else ''}{s.phase.value} {s.rule} {s.key} {s.severity.value}: {s.title}" for s in found
    ]
    lines += [
        f"{risk['opened_at'][11:19]} 2 {risk['rule']} {risk['subject']} hits {functions[risk['id']]}; {risk['state']} in the end"
        for risk in result["risks"]
    ]
    lines += [
        f"{m['at'][11:19]} 3 {m['channel']} to {m['recipient']}: {m['occasion']}, {rules[m['risk']]}; {m.get('held') or m['reason']}"
        for m in result["messages"]
    ]
    return sorted(lines)


def test_what_must_happen_happens_and_nothing_else(day: tuple[Path, Any]) -> None:
    assert told(*day) == EXPECTED.read_text(encoding="utf-8").splitlines()


def test_every_message_is_sent_once(day: tuple[Path, Any]) -> None:
    folder, result = day
    database = Database(folder / "store" / "secondsource.db")
    try:
        rows = database.read_now(outbox.read)
    finally:
        database.close()
    assert {(row.progress.state.value, row.progress.attempts) for row in rows} == {("sent", 1), ("held", 0)}
    keys = [row.message.idempotency_key for row in rows]
    assert len(keys) == len(set(keys)) == len(result["messages"])


def test_the_hollow_fallback_is_named_with_its_reason(day: tuple[Path, Any]) -> None:
    _, result = day
    (risk,) = [r for r in result["risks"] if r["rule"] == "vendor_outage" and r["vendor"] == "halcyon" and r["exercise"] is None]
    assert risk["hollow"]["claims"] == {"Lumen Models Inference API": "it sits on AWS us-east-1, which is in trouble"}


def test_the_chain_leads_from_the_function_through_its_vendor_to_the_region(day: tuple[Path, Any]) -> None:
    _, result = day
    (risk,) = [r for r in result["risks"] if r["rule"] == "vendor_outage" and r["vendor"] == "aws"]
    assert risk["chains"]["support"] == ["Support assistant", "Support assistant's bot", "Halcyon AI API", "AWS us-east-1"]


def test_the_drill_is_scored_by_what_its_messages_and_runs_say(day: tuple[Path, Any]) -> None:
    _, result = day
    drill = result["drill"]
    assert (drill["state"], drill["passed"]) == ("done", True)
    assert drill["scores"] == {"detect": 0, "notify": 0, "acknowledge": 4 * 60, "decide": 10 * 60, "recover": 30 * 60}


def test_the_day_is_the_same_at_another_speed(day: tuple[Path, Any], tmp_path: Path) -> None:
    _, result = day
    assert demo(tmp_path / "again", "--speed", "20000") == result


def test_a_replay_of_the_days_log_gives_its_ledger(day: tuple[Path, Any], tmp_path: Path) -> None:
    folder, result = day
    config, journal = str(folder / "secondsource.yaml"), str(tmp_path / "day.jsonl.gz")
    subprocess.run([*PROGRAM, "export", "journal", journal, "--config", config], check=True, capture_output=True)
    done = subprocess.run([*PROGRAM, "replay", journal, "--config", config, "--json"], check=True, capture_output=True, text=True)
    replayed = json.loads(done.stdout)
    assert (replayed["ledger_sha256"], replayed["observations"]) == (result["ledger_sha256"], result["observations"])


def mixed(batches: list[Batch], dice: Dice) -> list[Batch]:
    """The log as it could have come: between two ticks the vendors in any order, each one's batches in its own, some of them twice."""
    found: list[Batch] = []
    waiting: dict[str, list[Batch]] = {}
    for batch in [*batches, tick(batches[-1].at)]:
        if batch.key != TICK_KEY:
            waiting.setdefault(batch.key, []).append(batch)
            continue
        while waiting:
            key = dice.one_of(sorted(waiting))
            found.append(waiting[key].pop(0))
            if not waiting[key]:
                del waiting[key]
            if dice.below(10) == 0:
                found.append(dice.one_of(found[-20:]))
        found.append(batch)
    return found[:-1]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_does_not_depend_on_which_vendor_was_first_nor_on_redelivery(day: tuple[Path, Any], seed: int) -> None:
    folder, result = day
    database = Database(folder / "store" / "secondsource.db")
    try:
        batches = database.read_now(lambda c: list(log.read_all(c)))
    finally:
        database.close()
    configured = settings_in(folder / "secondsource.yaml")
    rules: dict[str, Any] = {name: plugins.rule(name) for name in configured.rules}
    engine = Engine({name: rule(configured.rules[name]) for name, rule in rules.items()}, configured.context)
    assert digest(replay(mixed(batches, Dice(seed)), engine)) == result["ledger_sha256"]
