"""Recorded price lists: every true change is found at its snapshot, nothing else is, and lists that were damaged move no price.

What is true is worked out here from the raw texts of the snapshots, by decimal arithmetic of its own.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from rules.price_change import PriceChange, PriceParams
from secondsource.domain.context import Context
from secondsource.domain.observations import Batch, Price
from secondsource.domain.portfolio import Dependency, Portfolio
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Phase, Signal
from secondsource.testing.timeline import play
from tests.support.price_corpus import COLUMNS, CORPUS, Rows, litellm, openrouter, raw_litellm, raw_openrouter, snapshots, taken_at

REQUIRED = os.environ.get("SECONDSOURCE_CORPUS_REQUIRED") == "1"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not REQUIRED and not (CORPUS / "series").is_dir(), reason=f"there are no recorded payloads at {CORPUS}"),
]

ROUTES, LISTS = "openrouter-prices-csv", "litellm-model-prices"
LEAST = Decimal("0.05")
FORGOTTEN = timedelta(days=62)
ALONE = PriceParams(fold=10**6)
"""Each item is told by itself, so that every price can be compared."""


class Move(NamedTuple):
    """One price at one snapshot: what it was and what it is, per million tokens."""

    at: datetime
    subject: str
    old: Decimal
    new: Decimal


def true_moves(readings: Iterable[tuple[datetime, str, Decimal]]) -> set[Move]:
    """Against the price last told of, five per cent or more; what was missing for two months is begun anew."""
    told: dict[str, Decimal] = {}
    seen: dict[str, datetime] = {}
    moves = set()
    for at, subject, value in readings:
        if subject in seen and at - seen[subject] < FORGOTTEN:
            before = told[subject]
            if abs(value - before) >= LEAST * before and value != before:
                moves.add(Move(at, subject, before, value))
                told[subject] = value
        else:
            told[subject] = value
        seen[subject] = at
    return moves


def ledger(batches: list[Batch], params: PriceParams, context: Context | None = None) -> list[Signal]:
    return play([PriceChange(params)], context or Context(), batches, batches[-1].at)


def found(batches: list[Batch]) -> tuple[set[Move], set[Move]]:
    """What the rule calls moves, and what it doubts."""
    said = {o.id: (o.subject, o.body.amount) for batch in batches for o in batch.observations if isinstance(o.body, Price)}
    moves: set[Move] = set()
    doubts: set[Move] = set()
    for signal in ledger(batches, ALONE):
        if signal.phase is Phase.CLEARED:
            continue
        by_subject: dict[str, list[Decimal]] = {}
        for id_ in signal.evidence.observations:
            subject, amount = said[id_]
            by_subject.setdefault(subject, []).append(amount)
        doubted = "taken for no move" in signal.reason
        for subject, (old, new) in by_subject.items():
            (doubts if doubted else moves).add(Move(signal.at, subject, old, new))
    return moves, doubts


def test_of_eighty_one_weeks_every_true_change_is_found_and_nothing_else() -> None:
    paths = snapshots(ROUTES)
    true = true_moves(raw_openrouter(paths))
    moves, doubts = found(list(openrouter(paths)))
    assert moves == true
    assert doubts == set()
    assert len(paths) == 81
    assert len(true) == 1519
    assert (sum(move.new > move.old for move in true), sum(move.new < move.old for move in true)) == (736, 783)
    assert Move(datetime(2025, 6, 16, 0, 30, 49, tzinfo=UTC), "price/openai/o3/output", Decimal(40), Decimal(8)) in moves


def test_a_week_with_many_changes_is_one_finding() -> None:
    batches = list(openrouter(snapshots(ROUTES)))
    opened = [signal for signal in ledger(batches, PriceParams()) if signal.phase is Phase.OPENED]
    assert len(opened) == 114
    assert sum(signal.key == "openrouter" for signal in opened) == 56
    o3 = next(signal for signal in opened if signal.key == "openrouter/openai/o3")
    assert o3.title == "openrouter openai/o3: 2 prices down 80.0 %"


def test_of_a_list_of_hundreds_of_models_the_company_hears_of_its_own() -> None:
    need = Dependency("chat", "bot", "model API", Scope("openai"), None, ("gpt-4o", "o3"), Decimal(900))
    context = Context(Portfolio(dependencies=(need,)))
    told = [signal for signal in ledger(list(openrouter(snapshots(ROUTES))), PriceParams(), context) if signal.phase is Phase.OPENED]
    assert {signal.subject for signal in told} == {"openai/gpt-4o", "openai/o3"}
    o3 = next(signal for signal in told if signal.subject == "openai/o3")
    assert o3.reason.endswith(
        "Next month's bill: from -720 to 0 USD on 900 USD, as how it falls on the prices is not known."  # gpt-4o may be all of it
    )


def test_of_the_snapshots_of_a_price_list_every_true_change_is_found_and_nothing_else() -> None:
    paths = snapshots(LISTS)
    true = true_moves(raw_litellm(paths))
    moves, doubts = found(list(litellm(paths)))
    assert doubts == set()
    # each of the list's names for a price has another one here, so they are matched by their figures
    wanted = Counter((move.at, move.subject.partition("|")[0], move.old, move.new) for move in true)
    assert Counter((move.at, move.subject.split("/")[1], move.old, move.new) for move in moves) == wanted
    assert (len(paths), wanted.total()) == (12, 28)


def swapped(rows: Rows) -> Rows:
    prompt, completion = COLUMNS
    return [{**row, prompt: row[completion], completion: row[prompt]} for row in rows]


def per_thousand(rows: Rows) -> Rows:
    return [{**row, **{column: str(Decimal(row[column]) / 1000) for column in COLUMNS if row[column] != "-1"}} for row in rows]


HIDDEN: dict[tuple[Callable[[Rows], Rows], int], set[str]] = {
    (swapped, 10): {"price/meta-llama/llama-3.1-405b-instruct/input", "price/meta-llama/llama-3.1-405b-instruct/output"},
    (swapped, 70): {"price/meta-llama/llama-3-70b-instruct/input"},
}
"""What a swap hides: the true price of the next week is what the wrong column said. Told as one with the change of the week after."""


@pytest.mark.parametrize("damage", [swapped, per_thousand])
@pytest.mark.parametrize("week", [10, 30, 50, 70])
def test_columns_that_move_and_units_that_change_move_no_price(damage: Callable[[Rows], Rows], week: int) -> None:
    paths = snapshots(ROUTES)[week - 2 : week + 4]
    whole = [*paths[:2], *paths[3:]]
    before, hurt, repaired = map(taken_at, paths[1:4])
    moves, doubts = found(list(openrouter(paths, lambda at, rows: damage(rows) if at == hurt else rows)))
    assert len([move for move in doubts if move.at == hurt]) > 100
    # as if the damaged table had not been read: what changed in its week is told when the list is itself again, or heard again
    known = {subject for at, subject, _ in raw_openrouter(paths) if at <= before}
    told = {move[1:]: move.at for move in moves if move.subject in known}
    true = {move[1:]: move.at for move in true_moves(raw_openrouter(whole)) if move.subject in known}
    assert {subject for subject, _, _ in told.keys() ^ true.keys()} == HIDDEN.get((damage, week), set())
    late = {move for move in told.keys() & true.keys() if told[move] != true[move]}
    assert {(true[move], told[move]) for move in late} <= {(repaired, taken_at(paths[4]))}
    assert len(late) <= 6
    assert {move.at for move in doubts} <= {hurt, repaired}
    # a model that was first seen in the damaged table has no other price to be held against: the true one is doubted, or a move
    assert [move for move in doubts if move.at == repaired and move.subject in known] == []


@pytest.mark.parametrize("damage", [swapped, per_thousand])
def test_a_list_that_stays_changed_goes_on_from_there(damage: Callable[[Rows], Rows]) -> None:
    paths = snapshots(ROUTES)[40:50]
    changed = taken_at(paths[3])
    moves, doubts = found(list(openrouter(paths, lambda at, rows: damage(rows) if at >= changed else rows)))
    assert len([move for move in doubts if move.at == changed]) > 100
    listed = {subject for at, subject, _ in raw_openrouter(paths) if at == changed}
    assert not {move.subject for move in doubts if move.at > changed} & listed
    assert not any(move.at == changed for move in moves)
    true = {(move.at, move.subject) for move in true_moves(raw_openrouter(paths[3:]))}
    known = {(move.at, move.subject) for move in moves if move.at > changed and move.subject in listed}
    assert known == {(at, subject) for at, subject in true if subject in listed} or damage is swapped
    assert len(known) > 50
