"""The stand-ins check what the real services check. Slack's is spoken to by Slack's own client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from secondsource.testing.standins import slack_blocks
from secondsource.testing.standins.slack import SlackStandIn, limits
from secondsource.testing.standins.smtp import SmtpStandIn
from secondsource.testing.standins.webhook import WebhookStandIn

TOKEN = "xoxb-1"
NOW = datetime(2024, 10, 20, 6, 52, 3, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackStandIn]:
    users = {"U0ANN": "ann@example.com"}
    pace = timedelta(seconds=1)
    async with SlackStandIn(token="xoxb-1", clock=clock, channels={"C0OPS": "ops", "C0DEV": "dev"}, users=users, pace=pace) as standin:
        yield standin


async def call(slack: SlackStandIn, method: str, token: str | None = TOKEN, **arguments: Any) -> dict[str, Any]:
    """One call by Slack's own client; its error, where it raises one, is the answer."""

    def work() -> dict[str, Any]:
        client = WebClient(token=token, base_url=slack.base_url, timeout=30, retry_handlers=[])
        try:
            data = client.api_call(method, json=arguments).data
        except SlackApiError as error:
            data = error.response.data
        assert isinstance(data, dict)
        return data

    return await asyncio.to_thread(work)


async def test_a_conversation_by_slacks_own_client(slack: SlackStandIn, clock: Clock) -> None:
    assert (await call(slack, "auth.test"))["ok"] is True
    posted = await call(slack, "chat.postMessage", channel="#ops", text="one")
    assert (posted["ok"], posted["channel"], posted["ts"], posted["message"]["text"]) == (True, "C0OPS", "1729407123.000100", "one")
    second = await call(slack, "chat.postMessage", channel="C0DEV", text="two")
    assert second["ts"] == "1729407123.000200"
    clock.now += timedelta(seconds=2)
    reply = await call(slack, "chat.postMessage", channel="C0OPS", text="three", thread_ts=posted["ts"])
    assert (reply["ts"], reply["message"]["thread_ts"]) == ("1729407125.000100", posted["ts"])
    edited = await call(slack, "chat.update", channel="C0OPS", ts=posted["ts"], text="uno")
    assert (edited["ok"], edited["ts"], edited["text"]) == (True, posted["ts"], "uno")
    assert [(m.text, [edit.text for edit in m.edits]) for m in slack.messages] == [("uno", ["one"]), ("two", []), ("three", [])]
    assert (await call(slack, "conversations.open", users="U0ANN"))["channel"] == {"id": "D0ANN"}
    assert (await call(slack, "users.lookupByEmail", email="ann@example.com"))["user"]["id"] == "U0ANN"
    assert (await call(slack, "users.info", user="U0ANN"))["user"]["profile"]["email"] == "ann@example.com"


HEADER = {"type": "header", "text": {"type": "plain_text", "text": "x"}}


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("auth.test", {"token": None}, "not_authed"),
        ("auth.test", {"token": "xoxb-2"}, "invalid_auth"),
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0OPS"}, "no_text"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0OPS", "blocks": [HEADER] * 51}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "metadata": {"event_type": 1}}, "invalid_metadata_format"),
        (
            "chat.postMessage",
            {"channel": "C0OPS", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5},
            "msg_blocks_too_long",
        ),
        ("chat.update", {"channel": "C0OPS", "ts": "1.000100", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "C0NONE", "ts": "1.000100", "text": "x"}, "channel_not_found"),
        ("conversations.open", {"users": "U0NONE"}, "user_not_found"),
        ("users.info", {"user": "U0NONE"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "x@example.com"}, "users_not_found"),
    ],
)
async def test_what_slack_refuses(slack: SlackStandIn, method: str, arguments: dict[str, Any], error: str) -> None:
    answer = await call(slack, method, **arguments)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert slack.messages == []


async def test_archived_locked_and_forms(slack: SlackStandIn) -> None:
    slack.archived.add("C0DEV")
    assert (await call(slack, "chat.postMessage", channel="C0DEV", text="x"))["error"] == "is_archived"
    posted = await call(slack, "chat.postMessage", channel="C0OPS", text="x")
    slack.locked.add(posted["ts"])
    assert (await call(slack, "chat.update", channel="C0OPS", ts=posted["ts"], text="y"))["error"] == "cant_update_message"
    async with httpx2.AsyncClient(trust_env=False, base_url=slack.base_url, headers={"authorization": "Bearer xoxb-1"}) as client:
        form = await client.post("chat.update", data={"channel": "C0OPS", "ts": posted["ts"], "text": "y", "blocks": "[}"})
        assert form.json()["error"] == "invalid_blocks_format"
        assert (await client.post("chat.postMessage", content=b"{", headers={"content-type": "application/json"})).json()[
            "error"
        ] == "invalid_json"
        assert (await client.post("chat.postMessage", content=b"x", headers={"content-type": "text/xml"})).json()[
            "error"
        ] == "invalid_post_type"


async def test_the_pace(slack: SlackStandIn, clock: Clock) -> None:
    for channel, ok in (("C0OPS", True), ("C0OPS", False), ("C0DEV", True)):
        assert (await call(slack, "chat.postMessage", channel=channel, text="x"))["ok"] is ok
    clock.now += timedelta(seconds=1)
    assert (await call(slack, "chat.postMessage", channel="C0OPS", text="x"))["ok"] is True
    slack.faults.append(limits(30))
    async with httpx2.AsyncClient(trust_env=False) as client:
        limited = await client.post(f"{slack.base_url}auth.test")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "30")


async def test_an_unexpected_method_fails_the_test(clock: Clock) -> None:
    with pytest.raises(AssertionError, match=r"chat\.delete"):
        async with SlackStandIn(token="xoxb-1", clock=clock, channels={}) as slack:
            assert (await call(slack, "chat.delete"))["error"] == "unknown_method"


def button(**changes: object) -> dict[str, Any]:
    element = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "url": "https://x.example", "action_id": "a", **changes}
    return {"type": "actions", "elements": [element]}


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ("x", "/blocks"),
        ([{"type": "picture"}], "/blocks/0/type"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text"),
        ([HEADER, {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "/blocks/1/text/text"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "🔥" * 76}}], "/blocks/0/text/text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "/blocks/0/text/text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "/blocks/0/text/text"),
        ([{"type": "context", "elements": []}], "/blocks/0/elements"),
        ([{"type": "divider", "colour": "red"}], "/blocks/0"),
        ([button(text={"type": "plain_text", "text": "x" * 76})], "/blocks/0/elements/0/text/text"),
        ([button(url="x" * 3001)], "/blocks/0/elements/0/url"),
        ([button(url="nowhere")], "/blocks/0/elements/0/url"),
        ([button(style="loud")], "/blocks/0/elements/0/style"),
        ([button(type="menu")], "/blocks/0/elements/0"),
        ([button(), button()], "/blocks"),
    ],
)
def test_blocks_that_slack_refuses(blocks: object, pointer: str) -> None:
    found = slack_blocks.problems(blocks)
    assert any(problem.endswith(f"[json-pointer:{pointer}]") for problem in found), found


def test_blocks_that_slack_takes() -> None:
    assert (
        slack_blocks.problems(
            [HEADER, {"type": "divider"}, button(), {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}]
        )
        == []
    )


@pytest.mark.parametrize(
    "text", ["<!here>", "<@U1>", "<https://x|y>", "@channel", "@ann", "see https://x.example", "www.x.example", "mailto:a"]
)
def test_what_acts_is_seen(text: str) -> None:
    assert slack_blocks.live(text)


@pytest.mark.parametrize("text", ["&lt;!here&gt;", "a < b", "5 > 3", "at 10:30", "https[:]//x", "R&amp;D", "\uff20here"])
def test_what_does_not_act_is_left(text: str) -> None:
    assert slack_blocks.live(text) == []


async def test_a_hook_without_signature_is_refused() -> None:
    async with WebhookStandIn(secret="s", clock=lambda: NOW) as hooks, httpx2.AsyncClient(trust_env=False) as client:
        for signature in ("", "t=1,v1=", "t=x,v1=0", "nonsense", f"t={int(NOW.timestamp())},v1={'0' * 64}"):
            assert (await client.post(hooks.url, content=b"{}", headers={"x-secondsource-signature": signature})).status_code == 401
    assert (hooks.hooks, hooks.refused) == ([], 5)


def test_a_login_in_the_open_is_not_offered() -> None:
    with pytest.raises(ValueError, match="STARTTLS"):
        SmtpStandIn(login=("a", "b"))
