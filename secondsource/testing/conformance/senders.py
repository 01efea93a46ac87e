"""What every sender must do. Each check takes a :class:`Bench` and raises ``AssertionError`` with the case that failed.

A new sender joins with a bench: itself, its far side on loopback, and the table of what the far side may do to it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from secondsource.contracts.sender import Action, Delivered, Delivery, Message, Rejected, Retry, Sender

CREATED = datetime(2025, 10, 20, 6, 51, 4, tzinfo=UTC)
PLAIN = "API errors in us-east-1"

#: what pages might say to whoever reads them: mentions, links, markup, headers, invisible and turned letters, much of it
HOSTILE: tuple[str, ...] = (
    "<!channel> <!here> <!everyone> <@U0SECOND> <#C0OPS|ops> <!subteam^S0ONE|@team> <!date^1392734382^{date}^https://evil.example/|x>",
    "@channel @here @everyone @ann",
    "<https://evil.example|https://status.example>",
    "https://evil.example/x HTTPS://EVIL.example www.evil.example mailto:a@evil.example tel:+1900 javascript:alert(1)",
    "<script>alert(1)</script><a href='https://evil.example'>x</a><img src=x onerror=y>\"'`",
    "x\r\nBcc: victim@example.com\r\n\r\n<html>",
    "x\nBcc: victim@example.com\n.\nQUIT",
    "=?utf-8?q?x=0D=0ABcc:_victim@example.com?= =?utf-8?b?eA0KQmNjOiB4?=",
    "\u202eexe.kcehc\u202c \u2066hidden\u2069 \u200bzero\u200d \ufeffwidth\u00ad \U000e0041tag \u3164 \u2028line\u2029paragraph",
    "[DRILL] all is well",
    "{{ 7 * 7 }} {% raw %} ${x} %(x)s \\u003c!channel\\u003e &lt;!channel&gt; &amp;lt;",
    "\x00\x1b[31mred\x07\x7f\x85",
    "*bold* _it_ ~no~ ```code``` > quote\n> quote :fire: - list",
    "\ud800 lone \udfff",
    "\U0001f525" * 4000,
    "&" * 9000,
    "A" * 50_000,
)


class Seen(msgspec.Struct, frozen=True):
    """A message as it arrived.

    ``first`` is its first line as a reader sees it, ``live`` what of its text would act on the reader (mentions, links, markup),
    its buttons apart; ``links`` where its buttons lead; ``shape`` its structure, which no text may change.
    """

    key: str
    first: str
    links: tuple[str, ...]
    live: tuple[str, ...]
    shape: tuple[str, ...]


class Bench(Protocol):
    """A sender before its far side."""

    @property
    def sender(self) -> Sender:
        """The sender, with a time-out that no test reaches."""

    @property
    def impatient(self) -> Sender:
        """The same, with a short one."""

    @property
    def recipient(self) -> str:
        """Somebody whom the far side knows."""

    @property
    def secrets(self) -> Sequence[str]:
        """What must appear nowhere; each at least 8 characters long."""

    @property
    def table(self) -> Mapping[str, type[Delivered] | type[Retry] | type[Rejected]]:
        """Faults by name, and what the sender must make of each; a name with ``hang`` in it is tried by the impatient one."""

    def fault(self, name: str) -> None:
        """The next try meets this fault of the table."""

    def lose_answer(self) -> None:
        """The next try is taken, and its answer lost."""

    def seen(self) -> list[Seen]:
        """What arrived, oldest first."""

    async def stop(self) -> None:
        """Take the far side away."""


def message(bench: Bench, foreign: str = PLAIN, name: str = "m1", **changes: object) -> Message:
    """A message that quotes ``foreign`` wherever a page may be quoted."""
    whole = Message(
        id=name,
        idempotency_key=f"key-{name}",
        channel="there",
        recipient=bench.recipient,
        headline=f"Major: {foreign}: Support assistant is hurt in 7 min",
        lines=(f"Said: {foreign} (page)", "support assistant -> model vendor -> aws/us-east-1"),
        subject=f"[major] {foreign} now",
        actions=(
            Action("acknowledge", f"Ack {foreign} now", "http://127.0.0.1:8000/a?k=1&v=2"),
            Action("open", "Open", "http://127.0.0.1:8000/r"),
        ),
        reason=f"you are on call; {foreign} is open",
        severity="critical",
        risk="r1",
        created_at=CREATED,
        data={"note": f"n {foreign} n"},
    )
    return msgspec.structs.replace(whole, **changes)


async def delivers(bench: Bench) -> None:
    """A sound message arrives once, with its key and its buttons, and the receipt is not empty."""
    sent = message(bench)
    outcome = await bench.sender.send(sent)
    assert isinstance(outcome, Delivered), outcome
    assert outcome.id
    [seen] = bench.seen()
    assert seen.key == sent.idempotency_key
    assert PLAIN in seen.first
    assert seen.links == tuple(action.url for action in sent.actions)
    assert seen.live == ()


async def answers_by_the_table(bench: Bench) -> None:
    """Each fault gives the outcome that the table pins, raises nothing, and hurts no later message."""
    assert {Retry, Rejected} <= set(bench.table.values()), "a table names at least one fault that passes and one that does not"
    for number, (name, expected) in enumerate(bench.table.items()):
        outcome = await try_fault(bench, name, message(bench, name=f"f{number}"))
        assert type(outcome) is expected, f"{name}: {outcome}, expected {expected.__name__}"
        assert isinstance(outcome, Delivered) or outcome.reason, f"{name}: no reason"
    assert isinstance(await bench.sender.send(message(bench, name="after")), Delivered), "the sender did not recover"
    assert bench.seen()[-1].key == "key-after"


async def try_fault(bench: Bench, name: str, sent: Message) -> Delivery:
    """One try that meets a fault of the table; where the far side hangs, by the impatient sender."""
    bench.fault(name)
    return await (bench.impatient if "hang" in name else bench.sender).send(sent)


async def waits_for_an_absent_far_side(bench: Bench) -> None:
    """Nobody there is a reason to try again."""
    await bench.stop()
    assert isinstance(await bench.sender.send(message(bench)), Retry)


async def repeats_under_the_same_key(bench: Bench) -> None:
    """A message whose answer was lost is tried again, and both arrivals carry one key and say the same."""
    bench.lose_answer()
    assert isinstance(await bench.sender.send(message(bench)), Retry)
    assert isinstance(await bench.sender.send(message(bench)), Delivered)
    first, second = bench.seen()
    assert first == second
    assert first.key == message(bench).idempotency_key


async def tells_no_secret(bench: Bench) -> None:
    """Whatever fails, no secret stands in a reason, a log line of any level, or the sender's own words about itself."""
    with listening() as heard:
        told = [repr(bench.sender), str(vars(bench.sender))]
        told += [repr(await try_fault(bench, name, message(bench, name=name))) for name in bench.table]
        await bench.stop()
        told.append(repr(await bench.sender.send(message(bench))))
    for secret in bench.secrets:
        assert len(secret) >= 8
        leaks = [words for words in (*told, *heard) if secret in words]
        assert leaks == [], f"a secret is told: {leaks[0][:200]}"


async def marks_drills(bench: Bench) -> None:
    """A drill begins with its mark, once; what is no drill never does, whatever the page says."""
    cases = [("Major", "d1"), ("[DRILL] Major", "d1"), ("[drill] [DRILL]  Major", "d1"), ("Major", None), ("[DRILL] Major", None)]
    for number, (headline, exercise) in enumerate(cases):
        sent = message(bench, name=f"d{number}", headline=headline, subject=headline, exercise=exercise)
        assert isinstance(await bench.sender.send(sent), Delivered)
        assert bench.seen()[-1].first == ("[DRILL] Major" if exercise else "Major"), (headline, exercise)


async def text_stays_text(bench: Bench, foreign: str) -> None:
    """Foreign text yields no mention, no link, no header, no further block, and never keeps a message from being sent."""
    for exercise in (None, "d1"):
        plain = message(bench, name="plain", exercise=exercise)
        hostile = message(bench, foreign, name="hostile", exercise=exercise)
        for sent in (plain, hostile):
            outcome = await bench.sender.send(sent)
            assert isinstance(outcome, Delivered), f"{foreign[:80]!r}: {outcome}"
        *_, before, after = bench.seen()
        assert after.live == (), f"{foreign[:80]!r} acts: {after.live}"
        assert after.shape == before.shape, f"{foreign[:80]!r} changes the shape"
        assert after.links == before.links
        assert after.first.isprintable()
        assert after.first.startswith("[DRILL] ") is (exercise is not None)


@contextlib.contextmanager
def listening() -> Iterator[list[str]]:
    """All log lines of every logger, at every level, with their arguments and tracebacks."""
    heard: list[str] = []
    root = logging.getLogger()
    ear, level = _Ear(heard), root.level
    quiet = {logger: logger.level for logger in map(logging.getLogger, root.manager.loggerDict) if logger.level > logging.DEBUG}
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    for logger in quiet:
        logger.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        for logger, before in quiet.items():
            logger.setLevel(before)
        root.setLevel(level)
        root.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(f"{self.format(record)} {record.args!r}")
