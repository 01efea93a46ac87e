"""Every sender that ships, through the whole suite. A sender without a bench fails here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secondsource.adapters.senders import kinds
from secondsource.contracts.sender import Delivered, Message, Rejected, Retry, Sender
from secondsource.testing.conformance import senders
from secondsource.testing.conformance.benches import BENCHES
from secondsource.testing.conformance.senders import HOSTILE, Bench, Seen

KINDS = sorted(kinds())
CHECKS: list[Callable[[Bench], Awaitable[None]]] = [
    senders.delivers,
    senders.answers_by_the_table,
    senders.waits_for_an_absent_far_side,
    senders.repeats_under_the_same_key,
    senders.tells_no_secret,
    senders.marks_drills,
]


def test_every_sender_has_a_bench() -> None:
    assert sorted(BENCHES) == KINDS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", KINDS)
async def test_sender(kind: str, check: Callable[[Bench], Awaitable[None]]) -> None:
    async with BENCHES[kind]() as bench:
        await check(bench)


@pytest.mark.parametrize("kind", KINDS)
async def test_hostile_text(kind: str) -> None:
    async with BENCHES[kind]() as bench:
        for foreign in HOSTILE:
            await senders.text_stays_text(bench, foreign)


_ANY = st.text(st.characters(), max_size=60)
_FOREIGN = st.lists(
    st.one_of(st.sampled_from([text[:200] for text in HOSTILE]), _ANY, st.text("<>&|!@#:/.[]=?\r\n\u200b", max_size=12)), max_size=6
)


@pytest.mark.parametrize("kind", KINDS)
def test_any_text(kind: str) -> None:
    with asyncio.Runner() as runner:
        context = BENCHES[kind]()
        bench = runner.run(context.__aenter__())

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(_FOREIGN)
        def holds(pieces: list[str]) -> None:
            runner.run(senders.text_stays_text(bench, "".join(pieces)))

        try:
            holds()
        finally:
            runner.run(context.__aexit__(None, None, None))


class _Careless:
    """A sender with every defect that the suite is there to find."""

    kind: ClassVar[str] = "careless"

    def __init__(self) -> None:
        self.token = "canary-token"
        self.table: dict[str, type[Delivered] | type[Retry] | type[Rejected]] = {"soon": Retry, "never": Rejected}
        self.recipient, self.secrets = "x", ("canary-token",)
        self.sender: Sender = self
        self.impatient: Sender = self
        self.arrived: list[Message] = []

    async def send(self, message: Message) -> Delivered:
        self.arrived.append(message)
        return Delivered(f"{len(self.arrived)}")

    async def close(self) -> None: ...

    async def stop(self) -> None: ...

    def fault(self, name: str) -> None: ...

    def lose_answer(self) -> None: ...

    def seen(self) -> list[Seen]:
        return [
            Seen(f"{number}", each.headline, (), ("link",) * ("://" in each.headline), (each.headline,))
            for number, each in enumerate(self.arrived)
        ]


@pytest.mark.parametrize("check", [*CHECKS, lambda bench: senders.text_stays_text(bench, "https://evil.example")])
async def test_the_suite_finds_a_careless_sender(check: Callable[[Bench], Awaitable[None]]) -> None:
    with pytest.raises(AssertionError):
        await check(_Careless())
