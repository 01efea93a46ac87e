"""The Slack sender before the stand-in: what goes over the wire, edits, threads, and what each error code means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from secondsource.adapters.senders import build
from secondsource.adapters.senders.slack_blocks import blocks
from secondsource.adapters.senders.slack_errors import MEANINGS, Meaning, code_of, meaning, outcome
from secondsource.contracts.sender import Action, Delivered, Message, Rejected, Retry, Sender
from secondsource.testing.conformance.benches import Known
from secondsource.testing.conformance.senders import HOSTILE
from secondsource.testing.standins.http import Fault, answers
from secondsource.testing.standins.slack import SlackStandIn, limits, refuses
from secondsource.testing.standins.slack_blocks import problems


@pytest.fixture
async def slack(now: datetime, token: Known) -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn(
        token=token.reveal(), clock=lambda: now, channels={"C0OPS": "ops"}, users={"U0ANN": "ann@example.com"}
    ) as standin:
        yield standin


@pytest.fixture
async def sender(slack: SlackStandIn, now: datetime, token: Known) -> AsyncIterator[Sender]:
    sender = build("slack", {"token": token, "base_url": slack.base_url}, now=lambda: now)
    yield sender
    await sender.close()


async def receipt(sender: Sender, message: Message) -> str:
    outcome = await sender.send(message)
    assert isinstance(outcome, Delivered), outcome
    return outcome.id


async def test_the_call(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    assert await receipt(sender, message) == "C0OPS:1760944323.000100"
    [request] = slack.requests
    assert (request.method, request.target) == ("POST", "/api/chat.postMessage")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert msgspec.json.decode(request.body) == {
        "channel": "C0OPS",
        "text": "Major: OpenAI API: Support assistant is hurt in 7 min, since 06:48",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "emoji": False, "text": message.headline}},
            {
                "type": "section",
                "text": {
                    "type": "plain_text",
                    "emoji": False,
                    "text": "support assistant -&gt; openai -&gt; aws/us-east-1\n"
                    "Plan: fail over to the second model (drill passed 12 days ago)",
                },
            },
            {"type": "context", "elements": [{"type": "plain_text", "emoji": False, "text": "You are on call for Support assistant."}]},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "0_acknowledge",
                        "style": "primary",
                        "text": {"type": "plain_text", "emoji": False, "text": "Acknowledge"},
                        "url": "https://ss.example.com/a?k=1&v=2",
                    },
                    {
                        "type": "button",
                        "action_id": "1_open",
                        "text": {"type": "plain_text", "emoji": False, "text": "Open"},
                        "url": "https://ss.example.com/r/1",
                    },
                ],
            },
        ],
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": "secondsource_message", "event_payload": {"idempotency_key": "key-1", "message": "m1", "exercise": ""}},
    }


async def test_edits_in_place(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    first = await receipt(sender, message)
    second = await receipt(
        sender, replace(message, id="m2", idempotency_key="key-2", headline="Resolved", lines=(), replaces=True, receipt=first)
    )
    assert second == first
    [card] = slack.messages
    assert (card.text, card.key) == ("Resolved", "key-2")
    assert [edit.text for edit in card.edits] == [message.headline]


@pytest.mark.parametrize("lost", ["gone", "locked", "closed"])
async def test_what_can_not_be_edited_is_posted_anew(slack: SlackStandIn, sender: Sender, message: Message, lost: str) -> None:
    first = await receipt(sender, message)
    if lost == "gone":
        slack.messages.clear()
    elif lost == "locked":
        slack.locked.add(first.split(":")[1])
    else:
        slack.faults.append(refuses("edit_window_closed"))
    second = await receipt(sender, replace(message, replaces=True, receipt=first))
    assert second != first
    assert slack.messages[-1].thread_ts is None


async def test_an_edit_that_fails_for_now_is_not_posted_anew(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    first = await receipt(sender, message)
    slack.faults.append(limits(7))
    outcome = await sender.send(replace(message, replaces=True, receipt=first))
    assert outcome == Retry("answered with status 429", timedelta(seconds=7))
    assert len(slack.messages) == 1


async def test_answers_in_the_thread(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    first = await receipt(sender, message)
    await receipt(sender, replace(message, headline="Told: Bob", actions=(), receipt=first))
    await receipt(sender, replace(message, headline="Approve the plan?", receipt=first))
    _, note, question = slack.messages
    assert (note.thread_ts, note.broadcast) == (first.split(":")[1], False)
    assert (question.thread_ts, question.broadcast) == (first.split(":")[1], True)  # what asks for something is seen by all


async def test_a_member_is_spoken_to_directly_and_edited_there(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    first = await receipt(sender, replace(message, recipient="U0ANN"))
    assert first.startswith("D0ANN:")
    assert await receipt(sender, replace(message, recipient="U0ANN", replaces=True, receipt=first)) == first
    await receipt(sender, replace(message, recipient="U0ANN", receipt=first))
    assert [each.channel for each in slack.messages] == ["D0ANN", "D0ANN"]


async def test_a_channel_by_name(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    assert (await receipt(sender, replace(message, recipient="#ops"))).startswith("C0OPS:")


@pytest.mark.parametrize("receipt_", ["", "C0OPS", "C0OPS:", "C0OPS:1.5", "<id@example.com>", "C0OPS:1.000100\n"])
async def test_a_receipt_of_another_kind_is_no_receipt(slack: SlackStandIn, sender: Sender, message: Message, receipt_: str) -> None:
    await receipt(sender, replace(message, replaces=True, receipt=receipt_))
    assert [request.target for request in slack.requests] == ["/api/chat.postMessage"]


async def test_wrong_token_and_wrong_channel(slack: SlackStandIn, sender: Sender, message: Message, now: datetime) -> None:
    other = build("slack", {"token": Known("xoxb-wrong"), "base_url": slack.base_url}, now=lambda: now)
    assert await other.send(message) == Rejected(
        "Slack answers invalid_auth: Slack does not know the token: check the secret that the channel names"
    )
    await other.close()
    outcome = await sender.send(replace(message, recipient="C0NONE"))
    assert outcome == Rejected(
        "Slack answers channel_not_found: no such channel, or a private one: check the recipient, and invite the app"
    )


async def test_redirects_are_not_followed_with_the_token(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    slack.faults.append(answers(307, headers={"location": f"{slack.url}/api/chat.postMessage"}))
    assert isinstance(await sender.send(message), Retry)
    assert len(slack.requests) == 1


async def test_proxy_variables_are_ignored(slack: SlackStandIn, sender: Sender, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    await receipt(sender, message)


async def test_a_broken_connection_says_so_and_nothing_more(slack: SlackStandIn, sender: Sender, message: Message) -> None:
    slack.faults.append(Fault("reset"))
    outcome = await sender.send(message)
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("the connection failed (")


# Slack's own list for the two methods, by what a sender must do; the table in the program is checked against it.
LATER = {
    "fatal_error", "internal_error", "service_unavailable", "ratelimited", "rate_limited", "request_timeout", "update_failed",
    "team_added_to_org", "org_login_required", "external_channel_migrating", "streaming_state_conflict",
}  # fmt: skip
ANEW = {"message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"}
NEVER = {
    "access_denied", "account_inactive", "as_user_not_supported", "channel_not_found", "deprecated_endpoint", "ekm_access_denied",
    "enterprise_is_restricted", "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_auth", "invalid_blocks",
    "invalid_blocks_format", "invalid_charset", "invalid_form_data", "invalid_metadata_format", "invalid_metadata_schema",
    "invalid_post_type", "is_archived", "is_inactive", "markdown_text_conflict", "metadata_must_be_sent_from_app", "metadata_too_large",
    "method_deprecated", "missing_post_type", "missing_scope", "msg_too_long", "no_permission", "no_text", "not_allowed_token_type",
    "not_authed", "not_in_channel", "restricted_action", "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "team_access_not_granted", "team_not_found",
    "token_expired", "token_revoked", "too_many_attachments", "two_factor_setup_required", "cant_broadcast_message",
    "no_dual_broadcast_content_update",
}  # fmt: skip


def test_every_documented_code_has_its_meaning() -> None:
    assert {code: meaning(code) for code in LATER} == dict.fromkeys(LATER, Meaning.LATER)
    assert {code: meaning(code) for code in ANEW} == dict.fromkeys(ANEW, Meaning.ANEW)
    assert {code: meaning(code) for code in NEVER} == dict.fromkeys(NEVER, Meaning.NEVER)
    assert set(MEANINGS) >= LATER | ANEW | NEVER


def test_codes() -> None:
    assert outcome("invalid_blocks") == Rejected("Slack answers invalid_blocks")
    assert outcome("internal_error") == Retry("Slack answers internal_error")
    assert isinstance(outcome("what_may_come"), Retry)
    assert [code_of(each) for each in ("no_text", "No Text", "x" * 200, "a\nb", None, 7, {"a": 1})] == ["no_text", *["unreadable"] * 6]


@pytest.mark.parametrize("foreign", HOSTILE)
def test_blocks_stay_within_slacks_limits(message: Message, foreign: str) -> None:
    actions = tuple(Action("open", foreign, f"https://ss.example.com/{n}") for n in range(30))
    built = blocks(replace(message, headline=foreign, lines=(foreign,) * 40, actions=actions, reason=foreign, exercise="d"))
    assert problems(built) == []
    assert len(built) <= 4


def test_a_long_sentence_is_not_cut_to_a_header(message: Message) -> None:
    sentence = "word " * 50 + "end"
    assert blocks(replace(message, headline=sentence))[0] == {
        "type": "section",
        "text": {"type": "plain_text", "emoji": False, "text": sentence},
    }


def test_what_is_over_folds_to_two_lines(message: Message) -> None:
    over = blocks(replace(message, headline="Resolved", lines=("06:48 to 09:24 UTC", "x"), actions=message.actions[1:], folded=True))
    assert [block["type"] for block in over] == ["header", "section", "actions"]
    assert over[1]["text"]["text"] == "06:48 to 09:24 UTC"


def test_the_reason_gives_way_to_the_eighth_line(message: Message) -> None:
    kinds = [[block["type"] for block in blocks(replace(message, lines=("x",) * count))] for count in (6, 7)]
    assert kinds == [["header", "section", "context", "actions"], ["header", "section", "actions"]]
