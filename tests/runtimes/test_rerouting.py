"""What one channel refuses goes out by the next, on a real store and real wires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from secondsource.adapters.outbox.dispatcher import Dispatcher
from secondsource.adapters.senders import build
from secondsource.adapters.sql import outbox
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.contracts.sender import Message
from secondsource.domain.portfolio import Person
from secondsource.ports.outbox import State
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.rerouting import Rerouting
from secondsource.testing.conformance.benches import Known
from secondsource.testing.standins.slack import SlackStandIn
from secondsource.testing.standins.smtp import SmtpFault, SmtpStandIn

NOW = datetime(2025, 10, 20, 7, 12, 3, tzinfo=UTC)
CHAT, MAIL, OTHER = Channel("chat", "slack", "C0OPS"), Channel("mail", "email", "ops@example.com"), Channel("other", "slack", "C0DEV")
MESSAGE = Message("m1", "k1", "chat", "C0OPS", "Major: API", reason="first", thread="r1/1", exercise="d1", created_at=NOW)
PEOPLE = (
    Person("ana", "Ana", "ana@example.com", "U1"),
    Person("ben", "Ben", None, "U2"),
    Person("cy", "Cy", "cy@example.com"),
)


def rerouted(message: Message, *channels: Channel) -> tuple[str, str] | None:
    found = Rerouting(Directory(PEOPLE, channels))(message, "no")
    return None if found is None else (found.channel, found.recipient)


@pytest.mark.parametrize(
    ("channel", "recipient", "instead"),
    [
        ("chat", "C0OPS", ("mail", "ops@example.com")),
        ("mail", "ops@example.com", ("chat", "C0OPS")),
        ("chat", "U1", None),  # Ana has her mail
        ("mail", "ana@example.com", ("chat", "C0OPS")),  # her last way
        ("chat", "U2", ("mail", "ops@example.com")),
        ("mail", "cy@example.com", ("chat", "C0OPS")),
        ("~heartbeat", "switch", None),
    ],
)
def test_who_gets_it_instead(channel: str, recipient: str, instead: tuple[str, str] | None) -> None:
    assert rerouted(replace(MESSAGE, channel=channel, recipient=recipient), CHAT, MAIL) == instead


def test_where_there_is_no_other_place_nothing_is_said_again() -> None:
    assert rerouted(MESSAGE, CHAT) is None
    assert rerouted(MESSAGE, CHAT, replace(MAIL, recipient="")) is None


def test_each_channel_is_tried_once_and_the_reason_tells_the_way() -> None:
    reroute = Rerouting(Directory(PEOPLE, (CHAT, MAIL, OTHER)))
    second = reroute(MESSAGE, "Slack answers is_archived")
    assert second is not None
    third = reroute(second, "550")
    assert third is not None
    assert (second.channel, third.channel, reroute(third, "no")) == ("mail", "other", None)
    assert second.reason == "first; it did not reach C0OPS by chat: Slack answers is_archived"
    assert third.reason == f"{second.reason}; it did not reach ops@example.com by mail: 550"
    assert len({each.idempotency_key for each in (MESSAGE, second, third)}) == len({each.id for each in (MESSAGE, second, third)}) == 3
    assert reroute(MESSAGE, "Slack answers is_archived") == second
    assert (second.thread, second.exercise, second.receipt) == (MESSAGE.thread, "d1", None)


async def test_a_refusal_is_elsewhere_in_the_same_round(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db")
    await database.write(lambda connection: outbox.add(connection, MESSAGE))
    token = "xoxb-canary"
    async with SlackStandIn(token=token, clock=lambda: NOW, channels={"C0OPS": "ops"}) as slack, SmtpStandIn() as mail:
        slack.archived.add("C0OPS")
        mail.faults.append(SmtpFault("data", "451 4.3.0 later"))
        ways = {
            "chat": build("slack", {"token": Known(token), "base_url": slack.base_url}, now=lambda: NOW),
            "mail": build(
                "email", {"host": "127.0.0.1", "port": mail.port, "security": "none", "sender": "ss@example.com"}, now=lambda: NOW
            ),
        }
        clock = [NOW]
        dispatcher = Dispatcher(SqlOutbox(database), ways, lambda: clock[0], fallback=Rerouting(Directory(PEOPLE, (CHAT, MAIL))))
        assert await dispatcher.run_due(NOW) == 2
        assert mail.mails == []
        clock[0] += timedelta(seconds=10)
        assert await dispatcher.run_due(clock[0]) == 1  # what passes is tried again on the new way
        for way in ways.values():
            await way.close()
    [arrived] = mail.mails
    assert (arrived.recipients, arrived.message["Subject"]) == (("ops@example.com",), "[DRILL] Major: API")
    assert "it did not reach C0OPS by chat" in arrived.part("plain")
    states = [(row.message.channel, row.progress.state) for row in await database.read(outbox.read)]
    assert states == [("chat", State.FAILED), ("mail", State.SENT)]
    database.close()
