"""The words that everybody reads, to the letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from secondsource.domain.exposure import Exposure, expose
from secondsource.domain.plan_note import PlanNote
from secondsource.domain.register import Accept, Acknowledge, AnyEvent, Close, Entry, Mitigate, Reopen, event_of
from secondsource.domain.scope import Scope
from secondsource.domain.sentence import chain_line, duration, sentence, subject_line
from secondsource.domain.signals import Phase, Severity, Signal
from secondsource.domain.transitions import step
from tests.support.company import EAST, T0, at, company, minutes, outage

READY = PlanNote("failover", "failover plan", passed_at=T0 - timedelta(days=12))
ANA = "person:ana"


def told(signal: Signal, down: frozenset[Scope] = frozenset()) -> AnyEvent:
    return event_of(signal, expose(signal, signal.at, company(), down))


def risk(*events: tuple[float, AnyEvent], signal: Signal | None = None, down: frozenset[Scope] = frozenset()) -> Entry:
    entry, _ = step(None, told(signal or outage(), down), T0)
    for after, event in events:
        entry, _ = step(entry, event, at(after))
    return entry


def over(after: float) -> tuple[float, AnyEvent]:
    return after, told(outage(Phase.CLEARED, now=at(after)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "under a minute"), (0, "under a minute"), (59, "under a minute"), (60, "1 min"), (23 * 60 + 59, "23 min"), (3600, "1 h"),
        (80 * 60, "1 h 20 min"), (86399, "23 h 59 min"), (86400, "24 h"), (2 * 86400 - 1, "47 h"), (2 * 86400, "2 days"),
        (12.9 * 86400, "12 days"),
    ],
)  # fmt: skip
def test_durations(seconds: float, words: str) -> None:
    assert duration(timedelta(seconds=seconds)) == words


def test_the_sentence() -> None:
    assert sentence(risk(), at(23), READY) == (
        "Halcyon AI: major outage for 23 min; Support assistant (and 1 more) is hurt in 7 min; "
        "failover plan is ready (drill passed 12 days ago)"
    )


def test_one_function_alone_is_named_alone() -> None:
    signal = outage(scopes=(Scope("gpuco"),), title="GPU Co: major outage")
    assert sentence(risk(signal=signal), at(23)) == "GPU Co: major outage for 23 min; Model training is hurt in 47 h; no fallback"


def test_what_hurts_already_says_for_how_long() -> None:
    entry, _ = step(risk(), told(outage(Phase.UPDATED, now=at(35))), at(35))
    assert "; Support assistant (and 1 more) is hurt for 5 min; " in sentence(entry, at(35), READY)


def test_a_threshold_crossed_since_the_last_change_is_told_as_crossed() -> None:
    # The entry was written at T0; the reader looks 31 minutes later, before the timer has run.
    assert "Support assistant (and 1 more) is hurt for 1 min" in sentence(risk(), at(31), READY)


def test_what_is_only_possible_says_may() -> None:
    signal = outage(scopes=(Scope("aws", "dynamodb", "us-east-1"),), title="AWS us-east-1: degraded")
    found = risk(signal=signal)
    assert "Support assistant (and 1 more) may be hurt in 7 min" in sentence(found, at(23), READY)
    assert subject_line(found, at(23)).endswith("Support assistant (and 1 more) may be hurt in 7 min")


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (replace(READY, passed_at=None), "failover plan was never drilled"),
        (replace(READY, failed_at=T0 - timedelta(days=2)), "failover plan is not proven (drill failed 2 days ago)"),
        (replace(READY, hollow="Cirrus AI is in trouble itself"), "failover plan is hollow: Cirrus AI is in trouble itself"),
        (replace(READY, hollow="x", progress="step 3 of 7: drain"), "failover plan is under way (step 3 of 7: drain)"),
    ],
)
def test_the_plan(plan: PlanNote, words: str) -> None:
    assert sentence(risk(), at(5), plan).endswith(f"; {words}")


def test_without_a_plan_the_fallback_speaks() -> None:
    down = frozenset({Scope("cirrus")})
    assert sentence(risk(down=down), at(5)).endswith("; fallback Borealis AI is hollow: it sits on AWS us-east-1, as what it replaces does")
    search = risk(signal=outage(scopes=(EAST,))).exposure.hits[1]
    assert sentence(replace(risk(), exposure=Exposure((search,), search.hurts_at, True)), at(5)).endswith(
        "; fallback AWS eu-west-1 stands, without a plan"
    )
    both = outage(scopes=(Scope("halcyon"), Scope("cirrus")))
    assert sentence(risk(signal=both), at(5)).endswith("; no fallback covers all of it")


def test_nobody_and_nobody_known_are_told_apart() -> None:
    assert sentence(replace(risk(), exposure=Exposure(outage=True)), at(5)) == (
        "Halcyon AI: major outage for 5 min; no function of ours is known to rest on it"
    )
    assert "whom it hits is not known" in sentence(replace(risk(), exposure=Exposure(known=False)), at(5))


def test_findings_without_outage() -> None:
    signal = outage(rule="price_change", title="Halcyon 2: price up 20 %", subject="halcyon", severity=Severity.MEDIUM)
    entry = risk(signal=signal)
    assert sentence(entry, at(180), READY).startswith("Halcyon 2: price up 20 %, seen for 3 h; Support assistant (and 1 more) rests on it")
    assert subject_line(entry, at(180)) == "[moderate] Halcyon 2: price up 20 %"


def test_who_has_it() -> None:
    assert sentence(risk((1, Acknowledge(ANA))), at(2), READY).endswith("; acknowledged by ana")
    assert sentence(risk((1, Mitigate("run:r1"))), at(2), READY).endswith("; being mitigated")
    accepted = risk((1, Accept(ANA, T0 + timedelta(days=3), "borne")))
    assert sentence(accepted, at(2), READY).endswith("; accepted by ana until 2025-10-23")
    assert sentence(risk((1, Close(ANA, "not ours"))), at(2), READY).endswith("; closed while it still fires")


def test_what_is_over() -> None:
    assert sentence(risk(over(80)), at(200), READY) == "Halcyon AI: major outage, over after 1 h 20 min; Support assistant was hurt"
    assert sentence(risk(over(8)), at(200)) == "Halcyon AI: major outage, over after 8 min; no function was hurt"
    reopened = risk(over(8), (9, Reopen(ANA, "why?")))
    assert sentence(reopened, at(10)).endswith("; taken up again")


def test_a_drill_says_so_first() -> None:
    entry = risk(signal=outage(exercise="drill-1"))
    assert sentence(entry, at(1)).startswith("[DRILL] Halcyon AI: ")
    assert subject_line(entry, at(1)).startswith("[DRILL] [critical] Halcyon AI: ")


def test_subjects() -> None:
    assert subject_line(risk(), at(23)) == "[critical] Halcyon AI: Support assistant (and 1 more) hurt in 7 min"
    low = risk(signal=outage(severity=Severity.INFO))
    assert subject_line(low, at(23)) == "[major] Halcyon AI: Support assistant (and 1 more) hurt in 7 min"
    assert subject_line(risk(over(80)), at(90)) == "[resolved] Halcyon AI: over after 1 h 20 min"
    assert subject_line(risk((1, Close(ANA, "not ours"))), at(2)).startswith("[closed] Halcyon AI: ")


def test_a_subject_has_no_line_breaks_whatever_the_title_has() -> None:
    entry = risk(signal=outage(title="Evil\r\nBcc: everyone\x0b: x"))
    assert not {"\r", "\n", "\x0b"} & set(subject_line(entry, at(1)))


def test_chains() -> None:
    hit = risk(signal=outage(scopes=(EAST,))).exposure.hits[0]
    assert chain_line(hit) == "Support assistant → Chat inference → Halcyon AI → AWS us-east-1"
    assert chain_line(hit, " -> ").count(" -> ") == 3
    assert hit.hurts_at == T0 + minutes(30)
