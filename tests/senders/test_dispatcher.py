"""The dispatcher in virtual time: order, pace, repeats after crashes, and what newer messages make needless."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec
import pytest

from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.outbox import delivery
from secondsource.adapters.outbox.dispatcher import LEASE, SLACK_PACE, Dispatcher, Fallback, Pace
from secondsource.contracts.sender import Delivered, Delivery, Message, Rejected, Retry
from secondsource.ports.outbox import OutboxRow, Progress, State
from secondsource.testing.memory_outbox import MemoryOutbox

START = datetime(2025, 10, 20, 7, 0, tzinfo=UTC)


class FarSide:
    """A sender that answers as told, in order, then takes everything."""

    kind: ClassVar[str] = "far"

    def __init__(self, clock: VirtualClock, *answers: Delivery) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.got: list[tuple[float, Message]] = []

    async def send(self, message: Message) -> Delivery:
        self.got.append(((self.clock.now() - START).total_seconds(), message))
        return self.answers.pop(0) if self.answers else Delivered(f"receipt-{len(self.got)}")

    async def close(self) -> None: ...

    @property
    def ids(self) -> list[str]:
        return [message.id for _, message in self.got]

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.got]


class World:
    """An outbox, a clock, one far side per channel, and a dispatcher driven from due time to due time."""

    def __init__(self, pacing: dict[str, Pace] | None = None, fallback: Fallback | None = None) -> None:
        self.clock = VirtualClock(START)
        self.outbox = MemoryOutbox()
        self.ops, self.mail = FarSide(self.clock), FarSide(self.clock)
        self.pacing, self.fallback = pacing, fallback
        self.dispatcher = self.new_dispatcher()

    def new_dispatcher(self) -> Dispatcher:
        return Dispatcher(self.outbox, {"ops": self.ops, "mail": self.mail}, self.clock.now, self.pacing, self.fallback)

    def say(self, id: str, channel: str = "ops", thread: str | None = None, **more: object) -> None:
        message = Message(id, f"key-{id}", channel, "C1", f"headline {id}", thread=thread, created_at=self.clock.now())
        self.outbox.add(msgspec.structs.replace(message, **more))

    async def run(self, until: timedelta) -> int:
        tries = 0
        while (due := await self.outbox.next_due()) is not None and due <= START + until:
            self.clock.move(due)
            tries += await self.dispatcher.run_due(self.clock.now())
        return tries


async def test_sends_once_and_keeps_the_receipt() -> None:
    world = World()
    world.say("a")
    assert await world.dispatcher.run_due(START) == 1
    assert await world.dispatcher.run_due(START) == 0
    assert world.ops.ids == ["a"]
    assert world.outbox.progress("a") == Progress(State.SENT, None, 1, START, "receipt-1", "", START)
    assert await world.outbox.next_due() is None


async def test_nothing_goes_before_its_time() -> None:
    world = World()
    world.say("a", created_at=START + timedelta(minutes=1))
    assert await world.dispatcher.run_due(START) == 0
    assert await world.outbox.next_due() == START + timedelta(minutes=1)


async def test_the_same_message_written_twice_is_sent_once() -> None:
    world = World()
    world.say("a")
    world.say("b", idempotency_key="key-a")
    await world.run(timedelta(hours=1))
    assert world.ops.ids == ["a"]


async def test_a_thread_keeps_its_order_through_failures() -> None:
    world = World()
    world.ops.answers = [Retry("busy"), Retry("busy")]
    for name in ("a", "b", "c"):
        world.say(name, thread="t")
    world.say("other", thread="u")
    await world.run(timedelta(hours=1))
    assert world.ops.ids[:2] == ["a", "other"]
    assert [name for name in world.ops.ids if name != "other"] == ["a", "a", "b", "c"]
    assert set(world.outbox.states().values()) == {State.SENT}


async def test_answers_in_a_thread_get_the_first_messages_receipt() -> None:
    world = World()
    world.say("card", thread="t")
    await world.dispatcher.run_due(START)
    world.say("reply", thread="t")
    world.say("edit", thread="t", replaces=True)
    world.say("elsewhere", thread="t", channel="mail")
    await world.run(timedelta(hours=1))
    assert [(message.id, message.receipt) for _, message in world.ops.got] == [
        ("card", None),
        ("reply", "receipt-1"),
        ("edit", "receipt-1"),
    ]
    assert world.mail.got[0][1].receipt is None


async def test_a_card_posted_anew_is_the_card_from_then_on() -> None:
    world = World()
    world.ops.answers = [Delivered("old"), Delivered("new")]
    world.say("card", thread="t")
    await world.run(timedelta(hours=1))
    world.say("edit", thread="t", replaces=True)  # the far side could not edit, and gave another receipt
    world.say("reply", thread="t")
    await world.run(timedelta(hours=1))
    assert [message.receipt for _, message in world.ops.got] == [None, "old", "new"]


async def test_only_the_newest_of_several_unsent_cards_is_sent() -> None:
    world = World()
    world.say("card", thread="t")
    world.say("question", thread="t")
    for name in ("edit1", "edit2"):
        world.say(name, thread="t", replaces=True)
    await world.run(timedelta(hours=1))
    assert world.ops.ids == ["question", "edit2"]  # a question is never made needless by a newer card
    assert [message.receipt for _, message in world.ops.got] == [None, None]  # nor written over by it
    assert world.outbox.states() == {"card": State.SUPERSEDED, "question": State.SENT, "edit1": State.SUPERSEDED, "edit2": State.SENT}
    assert world.outbox.progress("card").reason == "message edit2 says the same and more"


async def test_a_newer_card_of_another_recipient_or_thread_supersedes_nothing() -> None:
    world = World()
    world.say("card", thread="t")
    world.say("edit-u", thread="u", replaces=True)
    world.say("edit-mail", thread="t", channel="mail", replaces=True)
    world.say("edit-c2", thread="t", recipient="C2", replaces=True)
    await world.run(timedelta(hours=1))
    assert set(world.outbox.states().values()) == {State.SENT}


async def test_a_card_that_failed_supersedes_nothing() -> None:
    world = World()
    world.ops.answers = [Retry("busy"), Delivered("r")]
    world.say("card", thread="t")
    await world.dispatcher.run_due(START)
    world.say("edit", thread="t", replaces=True)
    row = world.outbox.rows["edit"]
    world.outbox.rows["edit"] = msgspec.structs.replace(row, progress=Progress(State.FAILED))
    await world.run(timedelta(hours=1))
    assert world.outbox.states()["card"] is State.SENT


async def test_a_retry_that_was_overtaken_is_not_made() -> None:
    world = World()
    world.ops.answers = [Retry("busy", timedelta(minutes=2))]
    world.say("card", thread="t")
    await world.dispatcher.run_due(START)
    world.say("edit", thread="t", replaces=True)
    await world.run(timedelta(hours=1))
    assert world.ops.ids == ["card", "edit"]
    assert world.ops.times == [0, 120]  # and the newer one keeps the wait that was asked for


async def test_pace_in_virtual_time() -> None:
    world = World({"ops": SLACK_PACE})
    for number in range(5):
        world.say(f"m{number}")
    world.say("c2", recipient="C2")
    world.say("letter", channel="mail")
    assert await world.dispatcher.run_due(START) == 3  # one in each channel of Slack's, and the mail
    assert await world.outbox.next_due() == START + timedelta(seconds=1)
    await world.run(timedelta(minutes=1))
    assert [(at, message.id) for at, message in world.ops.got if message.recipient == "C1"] == [(float(n), f"m{n}") for n in range(5)]
    assert [world.outbox.progress(f"m{number}").attempts for number in range(5)] == [1] * 5


async def test_a_pace_for_the_channel_as_a_whole() -> None:
    world = World({"ops": Pace(timedelta(seconds=10), per_recipient=False)})
    world.say("a")
    world.say("b", recipient="C2")
    await world.run(timedelta(minutes=1))
    assert world.ops.times == [0, 10]


async def test_a_critical_message_passes_a_storm() -> None:
    world = World({"ops": SLACK_PACE})
    for number in range(300):
        world.say(f"m{number}", severity="low")
    await world.run(timedelta(seconds=20))
    world.say("page", severity="critical")
    await world.run(timedelta(minutes=10))
    [sent_at] = [at for at, message in world.ops.got if message.id == "page"]
    assert sent_at <= 21
    gaps = [later - earlier for earlier, later in zip(world.ops.times, world.ops.times[1:], strict=False)]
    assert min(gaps) >= 1
    assert len(world.ops.ids) == len(set(world.ops.ids)) == 301


async def test_a_far_side_that_asks_to_wait_gets_nothing_meanwhile() -> None:
    world = World({"ops": SLACK_PACE})
    world.ops.answers = [Retry("status 429", timedelta(seconds=30))]
    for name in ("a", "b", "c"):
        world.say(name)
    await world.run(timedelta(minutes=5))
    assert min(world.ops.times[1:]) >= 30
    assert sorted(world.ops.ids) == ["a", "a", "b", "c"]


async def test_no_retry_storm() -> None:
    """An hour of refusals costs one try per back-off step, not one per call."""
    world = World()
    world.ops.answers = [Retry("busy")] * 1000
    world.say("a")
    await world.run(timedelta(hours=1))
    assert 18 <= len(world.ops.got) <= 32
    for number, (earlier, later) in enumerate(zip(world.ops.times, world.ops.times[1:], strict=False), 1):
        assert later - earlier == pytest.approx(delivery.backoff(number, "key-a").total_seconds(), abs=0.001)


async def test_given_up_after_a_day_and_handed_to_the_fallback() -> None:
    def fallback(message: Message, reason: str) -> Message | None:
        if message.channel == "mail":
            return None
        return msgspec.structs.replace(message, id=f"{message.id}-mail", idempotency_key=f"{message.idempotency_key}-mail", channel="mail")

    world = World(fallback=fallback)
    world.ops.answers = [Retry("busy")] * 1000
    world.say("a")
    await world.run(timedelta(days=3))
    assert world.outbox.progress("a").state is State.FAILED
    assert 24 * 3600 <= world.ops.times[-1] < 24 * 3600 + 301
    assert world.mail.ids == ["a-mail"]
    assert world.outbox.states()["a-mail"] is State.SENT


async def test_refused_goes_to_the_fallback_at_once() -> None:
    world = World(
        fallback=lambda message, reason: msgspec.structs.replace(message, id="b", idempotency_key="key-b", channel="mail", reason=reason)
    )
    world.ops.answers = [Rejected("channel_not_found")]
    world.say("a")
    await world.run(timedelta(seconds=10))
    assert (world.ops.ids, world.mail.ids, world.mail.times) == (["a"], ["b"], [0])
    assert world.mail.got[0][1].reason == "channel_not_found"


async def test_a_channel_that_is_not_configured_fails_clearly() -> None:
    world = World()
    world.say("a", channel="pager")
    await world.dispatcher.run_due(START)
    assert world.outbox.progress("a").state is State.FAILED
    assert "'pager'" in world.outbox.progress("a").reason


class _Crash(Exception):
    """The process ends here."""


class _CrashingOutbox(MemoryOutbox):
    """Dies in place of writing down what became of a message."""

    crash = True

    async def mark(self, row: OutboxRow, progress: Progress, instead: Message | None = None) -> bool:
        if self.crash:
            raise _Crash
        return await super().mark(row, progress, instead)


async def test_a_crash_between_send_and_mark_gives_one_repeat_with_the_same_key() -> None:
    world = World()
    world.outbox = outbox = _CrashingOutbox()
    world.dispatcher = world.new_dispatcher()
    world.say("a")
    with pytest.raises(_Crash):
        await world.dispatcher.run_due(START)
    outbox.crash = False
    world.dispatcher = world.new_dispatcher()  # the process that was started again
    assert await world.dispatcher.run_due(START) == 0
    assert await outbox.next_due() == START + LEASE
    await world.run(timedelta(days=2))
    assert [(at, message.idempotency_key) for at, message in world.ops.got] == [(0, "key-a"), (LEASE.total_seconds(), "key-a")]
    assert outbox.progress("a").state is State.SENT


async def test_a_sender_that_always_raises_is_given_up_and_hurts_no_other_channel() -> None:
    class Broken(FarSide):
        async def send(self, message: Message) -> Delivery:
            await super().send(message)
            raise ZeroDivisionError

    world = World()
    world.ops = Broken(world.clock)
    world.dispatcher = world.new_dispatcher()
    world.say("a")
    world.say("letter", channel="mail")
    with pytest.raises(ZeroDivisionError):
        await world.dispatcher.run_due(START)
    assert world.mail.ids == ["letter"]
    while (due := await world.outbox.next_due()) is not None:
        world.clock.move(due)
        if world.clock.now() - START < timedelta(hours=48, minutes=5):
            with pytest.raises(ZeroDivisionError):
                await world.dispatcher.run_due(due)
        else:
            assert await world.dispatcher.run_due(due) == 0
    assert world.outbox.progress("a").reason == "given up after 577 tries, the first at 2025-10-20 07:00 UTC; the last: no outcome"
    assert len(world.ops.got) == 577


async def test_what_another_took_over_is_not_written_over() -> None:
    world = World()
    world.say("a")
    [stale] = await world.outbox.claim(START, 1, LEASE)
    [current] = await world.outbox.claim(START + LEASE, 1, LEASE)
    assert not await world.outbox.mark(stale, Progress(State.FAILED))
    assert await world.outbox.mark(current, Progress(State.SENT))
    assert world.outbox.states() == {"a": State.SENT}


async def test_a_lease_that_ran_out_in_the_queue_is_not_used() -> None:
    """The first try takes longer than the lease; what waited behind it may be another's by then."""

    class Slow(FarSide):
        async def send(self, message: Message) -> Delivery:
            outcome = await super().send(message)
            if len(self.got) == 1:
                self.clock.move(self.clock.now() + LEASE)
            return outcome

    world = World()
    world.ops = Slow(world.clock)
    world.dispatcher = world.new_dispatcher()
    world.say("a")
    world.say("b")
    await world.dispatcher.run_due(START)
    assert world.ops.ids == ["a"]
    await world.run(timedelta(hours=1))
    assert world.ops.ids == ["a", "b"]


async def test_a_hanging_channel_does_not_hold_up_the_others() -> None:
    class Hanging(FarSide):
        def __init__(self, clock: VirtualClock) -> None:
            super().__init__(clock)
            self.reached, self.release = asyncio.Event(), asyncio.Event()

        async def send(self, message: Message) -> Delivery:
            self.reached.set()
            await self.release.wait()
            return await super().send(message)

    world = World()
    world.ops = hanging = Hanging(world.clock)
    world.dispatcher = world.new_dispatcher()
    world.say("stuck")
    first = asyncio.create_task(world.dispatcher.run_due(START))
    await hanging.reached.wait()
    world.say("letter", channel="mail")
    world.say("behind")
    assert await world.dispatcher.run_due(START) == 1
    assert world.mail.ids == ["letter"]
    assert world.outbox.states()["behind"] is State.PENDING  # one channel is never served twice at a time
    hanging.release.set()
    assert await first == 2
    assert world.ops.ids == ["stuck", "behind"]
