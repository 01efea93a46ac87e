"""A stand-in for Slack's web API: what a bot needs to post, edit and answer in threads."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from secondsource.testing.standins import slack_blocks
from secondsource.testing.standins.http import Fault, HttpStandIn, Received, Reply

TEAM = "T0SECOND"
BOT = "U0SECOND"
_JSON = {"content-type": "application/json; charset=utf-8"}


class Edit(msgspec.Struct, frozen=True):
    """What a message said before it was edited, and until when."""

    until: datetime
    text: str
    blocks: list[dict[str, Any]]


class SlackMessage(msgspec.Struct):
    """A message as its channel holds it."""

    channel: str
    ts: str
    at: datetime
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    thread_ts: str | None = None
    broadcast: bool = False
    edits: list[Edit] = msgspec.field(default_factory=list)

    @property
    def key(self) -> str:
        """The idempotency key that the sender put into the metadata."""
        return str(self.metadata.get("event_payload", {}).get("idempotency_key", ""))

    def lines(self) -> list[str]:
        """What a reader sees, line by line, without buttons."""
        return [slack_blocks.shown(line) for text in slack_blocks.texts(self.blocks) or [self.text] for line in text.split("\n")]

    def buttons(self) -> list[tuple[str, str]]:
        """Label and address of each button."""
        return slack_blocks.buttons(self.blocks)


def refuses(code: str) -> Fault:
    """Slack answers ``ok: false`` with ``code``."""
    return Fault("answer", Reply(200, msgspec.json.encode({"ok": False, "error": code}), _JSON))


def limits(seconds: int) -> Fault:
    """Slack answers 429 and asks to wait."""
    return Fault("answer", Reply(429, msgspec.json.encode({"ok": False, "error": "ratelimited"}), {**_JSON, "retry-after": str(seconds)}))


class SlackStandIn(HttpStandIn):
    """Holds ``channels`` (id to name) and ``users`` (id to mail address); knows one ``token``.

    ``messages`` are in the order of posting. A call of a method that it does not know is answered as Slack does and kept in
    ``unexpected``, and leaving the ``async with`` raises ``AssertionError`` for it. ``pace`` is the least time between two posts in
    one channel by ``clock``; None lets all through.
    """

    def __init__(
        self,
        *,
        token: str,
        clock: Callable[[], datetime],
        channels: Mapping[str, str],
        users: Mapping[str, str] | None = None,
        pace: timedelta | None = None,
    ) -> None:
        super().__init__()
        self._token = token
        self._clock = clock
        self._channels = dict(channels)
        self._users = dict(users or {})
        self._pace = pace
        self._posted: dict[str, datetime] = {}
        self._last = (0, 0)
        self.archived: set[str] = set()
        self.locked: set[str] = set()  # ts of messages that may not be edited any more
        self.messages: list[SlackMessage] = []
        self.unexpected: list[str] = []

    @property
    def base_url(self) -> str:
        """For the sender's ``base_url``."""
        return f"{self.url}/api/"

    async def __aexit__(self, *reason: object) -> None:
        await super().__aexit__(*reason)
        if self.unexpected and reason[0] is None:
            raise AssertionError(f"methods were called that this stand-in does not know: {', '.join(self.unexpected)}")

    async def respond(self, request: Received) -> Reply:
        """As Slack: status 200 whatever happened, but for limits and broken addresses."""
        method = request.target.partition("?")[0].removeprefix("/api/")
        handler = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.open": self._open_conversation,
            "users.info": self._user_info,
            "users.lookupByEmail": self._lookup,
        }.get(method)
        if handler is None:
            self.unexpected.append(method)
            return _answer({"ok": False, "error": "unknown_method", "req_method": method})
        arguments = _arguments(request)
        if isinstance(arguments, str):
            return _answer({"ok": False, "error": arguments})
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or str(arguments.get("token", ""))
        if not token:
            return _answer({"ok": False, "error": "not_authed"})
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _answer({"ok": False, "error": "invalid_auth"})
        answer = handler(arguments)
        if answer.get("error") == "ratelimited" and self._pace is not None:
            return Reply(429, msgspec.json.encode(answer), {**_JSON, "retry-after": str(max(1, round(self._pace.total_seconds())))})
        return _answer(answer)

    def _auth_test(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ok": True,
            "url": f"{self.url}/",
            "team": "Second Source",
            "user": "secondsource",
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": "B0SECOND",
        }

    def _post(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(str(arguments.get("channel") or ""))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if channel in self.archived:
            return {"ok": False, "error": "is_archived"}
        wrong = _wrong_content(arguments)
        if wrong:
            return wrong
        now = self._clock()
        last = self._posted.get(channel)
        if self._pace is not None and last is not None and now - last < self._pace:
            return {"ok": False, "error": "ratelimited"}
        self._posted[channel] = now
        message = SlackMessage(
            channel,
            self._ts(now),
            now,
            str(arguments.get("text") or ""),
            list(arguments.get("blocks") or []),
            dict(arguments.get("metadata") or {}),
            arguments.get("thread_ts"),
            bool(arguments.get("reply_broadcast")),
        )
        self.messages.append(message)
        return {"ok": True, "channel": channel, "ts": message.ts, "message": _shape(message)}

    def _update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel, ts = str(arguments.get("channel") or ""), str(arguments.get("ts") or "")
        if channel not in self._channels:
            return {"ok": False, "error": "channel_not_found"}
        message = next((m for m in self.messages if (m.channel, m.ts) == (channel, ts)), None)
        if message is None:
            return {"ok": False, "error": "message_not_found"}
        if ts in self.locked:
            return {"ok": False, "error": "cant_update_message"}
        wrong = _wrong_content(arguments)
        if wrong:
            return wrong
        message.edits.append(Edit(self._clock(), message.text, message.blocks))
        message.text = str(arguments.get("text") or "")
        message.blocks = list(arguments.get("blocks") or [])
        message.metadata = dict(arguments["metadata"]) if "metadata" in arguments else message.metadata
        return {"ok": True, "channel": channel, "ts": ts, "text": message.text, "message": _shape(message)}

    def _open_conversation(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._direct(str(arguments.get("users") or ""))
        return {"ok": True, "channel": {"id": channel}} if channel else {"ok": False, "error": "user_not_found"}

    def _user_info(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("user") or "")
        return self._user(user) if user in self._users else {"ok": False, "error": "user_not_found"}

    def _lookup(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        found = next((user for user, address in self._users.items() if address == arguments.get("email")), None)
        return self._user(found) if found else {"ok": False, "error": "users_not_found"}

    def _user(self, user: str) -> dict[str, Any]:
        return {"ok": True, "user": {"id": user, "team_id": TEAM, "deleted": False, "profile": {"email": self._users[user]}}}

    def _channel(self, named: str) -> str | None:
        """The id of a channel given by id, by name, or as the member to whom the bot speaks directly."""
        if named in self._channels:
            return named
        by_name = {name: channel for channel, name in self._channels.items()}
        return by_name.get(named.removeprefix("#")) or self._direct(named)

    def _direct(self, user: str) -> str | None:
        if user not in self._users:
            return None
        channel = f"D{user[1:]}"
        self._channels.setdefault(channel, user)
        return channel

    def _ts(self, now: datetime) -> str:
        """Seconds, and a count that makes it unique: the message's name in its channel."""
        seconds = int(now.timestamp())
        count = self._last[1] + 100 if seconds == self._last[0] else 100
        self._last = (seconds, count)
        return f"{seconds}.{count:06d}"


def _arguments(request: Received) -> dict[str, Any] | str:
    """The arguments of a call, or the code of what is wrong with its form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or not kind:
        return "missing_post_type" if request.method == "POST" and request.body else {}
    if kind == "application/json":
        try:
            if not request.body:
                return {}
            return msgspec.json.decode(request.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "invalid_json"
    if kind != "application/x-www-form-urlencoded":
        return "invalid_post_type"
    form: dict[str, Any] = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    try:
        return form | {name: msgspec.json.decode(form[name]) for name in ("blocks", "metadata") if name in form}
    except msgspec.DecodeError:
        return "invalid_blocks_format"


def _wrong_content(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    text, blocks = arguments.get("text") or "", arguments.get("blocks")
    if not text and not blocks:
        return {"ok": False, "error": "no_text"}
    if not isinstance(text, str) or slack_blocks.units(text) > 40_000:
        return {"ok": False, "error": "msg_too_long"}
    if blocks:
        problems = slack_blocks.problems(blocks)
        if problems:
            return {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": [f"[ERROR] {what}" for what in problems]}}
        if sum(map(slack_blocks.units, slack_blocks.texts(blocks))) > slack_blocks.MAX_ALL_TEXT:
            return {"ok": False, "error": "msg_blocks_too_long"}
    metadata = arguments.get("metadata")
    if metadata is not None and not (
        isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    ):
        return {"ok": False, "error": "invalid_metadata_format"}
    return None


def _shape(message: SlackMessage) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "message", "user": BOT, "team": TEAM, "ts": message.ts, "text": message.text, "blocks": message.blocks}
    if message.thread_ts:
        shape["thread_ts"] = message.thread_ts
    if message.edits:
        shape["edited"] = {"user": BOT, "ts": message.ts}
    return shape


def _answer(said: dict[str, Any]) -> Reply:
    return Reply(200, msgspec.json.encode(said), _JSON)
