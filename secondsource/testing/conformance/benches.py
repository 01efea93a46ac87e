"""The benches of the senders that ship: each before the stand-in of its service."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from html.parser import HTMLParser
from http import HTTPStatus
from typing import TypeVar

from secondsource.adapters.senders import build
from secondsource.adapters.senders.slack_errors import MEANINGS, Meaning
from secondsource.contracts.sender import Delivered, Rejected, Retry
from secondsource.settings.secrets import Secret
from secondsource.testing.conformance.senders import CREATED, Bench, Seen
from secondsource.testing.standins.http import MAX_REQUEST, Fault, HttpStandIn, Reply, answers
from secondsource.testing.standins.slack import SlackMessage, SlackStandIn, limits, refuses
from secondsource.testing.standins.slack_blocks import live, shown, texts
from secondsource.testing.standins.smtp import Mail, SmtpFault, SmtpStandIn
from secondsource.testing.standins.webhook import Hook, WebhookStandIn

PATIENT, IMPATIENT = timedelta(seconds=30), timedelta(seconds=0.2)
Arrived = TypeVar("Arrived")
Used = TypeVar("Used", bound="SenderBench")
Outcome = type[Delivered] | type[Retry] | type[Rejected]
_LATER = {408, 425, 429}
_LINK = re.compile(r"(?i)[a-z][a-z0-9+.\-]{0,20}://\S+|\bwww\.\S+|\b(?:mailto|tel|javascript):\S+")


class Known(Secret):
    """A secret whose value the bench knows."""

    def __init__(self, value: str) -> None:
        super().__init__("bench", lambda: value)


class SenderBench:
    """What all benches share. ``takes`` are the statuses that count as taken, ``redirected`` what a redirect means."""

    def __init__(self, kind: str, settings: Mapping[str, object], recipient: str, secrets: tuple[str, ...]) -> None:
        self.sender = build(kind, {**settings, "timeout": PATIENT}, now=lambda: CREATED)
        self.impatient = build(kind, {**settings, "timeout": IMPATIENT}, now=lambda: CREATED)
        self.recipient = recipient
        self.secrets = secrets
        self.table: dict[str, Outcome] = {}
        self._read: list[Seen] = []

    def read(self, arrived: Sequence[Arrived], how: Callable[[Arrived], Seen]) -> list[Seen]:
        """All that ``arrived``, each read once."""
        self._read += [how(each) for each in arrived[len(self._read) :]]
        return list(self._read)

    async def close(self) -> None:
        """Close both senders."""
        await self.sender.close()
        await self.impatient.close()


class _HttpBench(SenderBench):
    def __init__(
        self, far: HttpStandIn, kind: str, settings: Mapping[str, object], recipient: str, secrets: tuple[str, ...], redirected: Outcome
    ) -> None:
        super().__init__(kind, settings, recipient, secrets)
        self._far = far
        self._faults: dict[str, Fault] = {}
        for status in sorted({*HTTPStatus, 299, 399, 499, 520, 599}):
            if status >= 300:
                refused: Outcome = redirected if status < 400 else Rejected
                self.add(f"status {status}", answers(status), Retry if status in _LATER or status >= 500 else refused)
        self.add("redirect elsewhere", answers(307, headers={"location": "http://127.0.0.1:9/elsewhere"}), redirected)
        self.add("hang", Fault("hang"), Retry)
        self.add("reset", Fault("reset"), Retry)
        self.add("cut", Fault("cut", Reply(200, b"{}")), Retry)

    def add(self, name: str, fault: Fault, outcome: Outcome) -> None:
        self._faults[name] = fault
        self.table[name] = outcome

    def fault(self, name: str) -> None:
        self._far.faults.append(self._faults[name])

    def lose_answer(self) -> None:
        self._far.faults.append(Fault("reset", handled=True))

    async def stop(self) -> None:
        await self._far.stop()


class SlackBench(_HttpBench):
    """The Slack sender before the stand-in of the web API."""

    def __init__(self, far: SlackStandIn, token: str) -> None:
        super().__init__(far, "slack", {"token": Known(token), "base_url": far.base_url}, "C0OPS", (token,), Retry)
        self._slack = far
        for code, meaning in MEANINGS.items():
            self.add(f"refuses {code}", refuses(code), Retry if meaning is Meaning.LATER else Rejected)
        self.add("refuses with a code of the future", refuses("some_new_trouble"), Retry)
        self.add("refuses with a sentence", refuses(f"no entry for {token}"), Retry)
        self.add("asks to wait", limits(30), Retry)
        self.add("endless", answers(200, b" " * MAX_REQUEST), Retry)
        for name, body in {
            "a page": b"<!doctype html><p>Sign in",
            "nothing": b"",
            "a list": b"[]",
            "half": b'{"ok":',
            "no ts": b'{"ok":true}',
        }.items():
            self.add(f"answers with {name}", answers(200, body), Retry)

    def seen(self) -> list[Seen]:
        return self.read(self._slack.messages, self._seen)

    @staticmethod
    def _seen(each: SlackMessage) -> Seen:
        found = [what for text in (each.text, *texts(each.blocks), *(label for label, _ in each.buttons())) for what in live(text)]
        # The headline's block is a header or, where it is long, a section.
        shape = [f"{block['type'] if number else 'headline'} {len(block.get('elements', ()))}" for number, block in enumerate(each.blocks)]
        shape += [str(text.count("\n")) for text in texts(each.blocks)]
        return Seen(each.key, shown(each.text), tuple(url for _, url in each.buttons()), tuple(found), tuple(shape))


class WebhookBench(_HttpBench):
    """The webhook sender before a receiver that checks the signature; its address holds a secret too."""

    def __init__(self, far: WebhookStandIn, secret: str, path: str) -> None:
        settings = {"secret": Known(secret), "url": Known(f"{far.url}/hooks/{path}"), "headers": {"x-token": Known(path[::-1])}}
        super().__init__(far, "webhook", settings, "", (secret, path, path[::-1]), Rejected)
        self._hooks = far
        self.add("endless", answers(200, b" " * MAX_REQUEST), Delivered)
        for status in (200, 201, 202, 204, 299):
            self.add(f"status {status}", answers(status, b"" if status == 204 else b"thanks"), Delivered)

    def seen(self) -> list[Seen]:
        return self.read(self._hooks.hooks, self._seen)

    @staticmethod
    def _seen(hook: Hook) -> Seen:
        words = list(_strings({**hook.body, "actions": [action["label"] for action in hook.body["actions"]]}))
        acting = tuple(word for word in words if _LINK.search(word) or not word.isprintable())
        links = tuple(action["url"] for action in hook.body["actions"])
        headers = (name for name in hook.headers if name != "content-length")
        shape = (*sorted(headers), *sorted(hook.body), *(str(len(hook.body[name])) for name in ("lines", "actions")))
        return Seen(hook.key, hook.body["headline"], links, acting, shape)


class EmailBench(SenderBench):
    """The mail sender before a mail server; ``settings`` replace those of a server that asks for no login."""

    def __init__(self, far: SmtpStandIn, secrets: tuple[str, ...] = (), **settings: object) -> None:
        plain = {"host": "127.0.0.1", "port": far.port, "security": "none", "sender": "Second Source <alerts@example.com>"}
        super().__init__("email", {**plain, **settings}, "ann@example.com", secrets)
        self._far = far
        self._faults: dict[str, SmtpFault] = {}
        for fault in (SmtpFault("mail"), SmtpFault("rcpt"), SmtpFault("data"), SmtpFault("data", hang=True), SmtpFault("mail", hang=True)):
            self._add(f"{'hang' if fault.hang else 'drop'} at {fault.stage}", fault, Retry)
        for code in (421, 450, 451, 452, 455):
            self._each_stage(f"{code} 4.7.1 later", Retry)
        for code in (500, 501, 521, 550, 551, 552, 553, 554, 555):
            self._each_stage(f"{code} 5.7.1 never", Rejected)

    def _add(self, name: str, fault: SmtpFault, outcome: Outcome) -> None:
        self._faults[name] = fault
        self.table[name] = outcome

    def _each_stage(self, reply: str, outcome: Outcome) -> None:
        for fault in (SmtpFault("mail", reply), SmtpFault("rcpt", reply), SmtpFault("data", reply)):
            self._add(f"{reply} at {fault.stage}", fault, outcome)

    def fault(self, name: str) -> None:
        self._far.faults.append(self._faults[name])

    def lose_answer(self) -> None:
        self._far.faults.append(SmtpFault("data", kept=True))

    async def stop(self) -> None:
        await self._far.stop()

    def seen(self) -> list[Seen]:
        return self.read(self._far.mails, self._seen)

    @staticmethod
    def _seen(mail: Mail) -> Seen:
        page, message = _Page(), mail.message
        page.feed(mail.part("html"))
        text = mail.part("plain").replace("\r\n", "\n")
        for link in page.links:
            text = text.replace(f"\n  {link}\n", "\n")
        blocks = tuple(str(block.count("\n")) for block in text.split("\n\n"))
        parts = tuple(part.get_content_type() for part in message.walk())
        headers = tuple(name.lower() for name in message)
        key = str(message["x-secondsource-key"])
        first = next(iter(text.splitlines()))
        acting = (*_LINK.findall(text), *_LINK.findall(str(message["subject"])), *_LINK.findall(page.words))
        return Seen(key, first, tuple(page.links), acting, (*headers, *parts, *page.tags, *mail.recipients, *blocks))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join((tag, *sorted(name for name, _ in attributes))))
        self.links += [value for name, value in attributes if name in ("href", "src") and value]

    def handle_data(self, data: str) -> None:
        self.words += data


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for item in value.items() for part in item for found in _strings(part)]
    if isinstance(value, list):
        return [found for part in value for found in _strings(part)]
    return [value] if isinstance(value, str) else []


@contextlib.asynccontextmanager
async def closing(bench: Used) -> AsyncGenerator[Used]:
    """``bench``, whose senders are closed in the end."""
    try:
        yield bench
    finally:
        await bench.close()


@contextlib.asynccontextmanager
async def _slack() -> AsyncGenerator[Bench]:
    token = "xoxb-canary-4711-do-not-tell"  # noqa: S105
    async with SlackStandIn(token=token, clock=lambda: CREATED, channels={"C0OPS": "ops"}) as far, closing(SlackBench(far, token)) as bench:
        yield bench


@contextlib.asynccontextmanager
async def _webhook() -> AsyncGenerator[Bench]:
    secret = "canary-signing-secret"  # noqa: S105
    async with WebhookStandIn(secret=secret, clock=lambda: CREATED) as far, closing(WebhookBench(far, secret, "canary-path-0815")) as bench:
        yield bench


@contextlib.asynccontextmanager
async def _email() -> AsyncGenerator[Bench]:
    async with SmtpStandIn() as far, closing(EmailBench(far)) as bench:
        yield bench


BENCHES: Mapping[str, Callable[[], AbstractAsyncContextManager[Bench]]] = {"slack": _slack, "webhook": _webhook, "email": _email}
