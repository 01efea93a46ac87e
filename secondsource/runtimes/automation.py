"""Calls that plans make by themselves: a signed POST to a program of one's own, and its end told to the run.

A call is a message in the outbox, so it is written in the transaction of the step that asks for it, and tried until it is answered.
Before each try the run is looked at: one that has gone on, was cancelled or is held calls nobody. The end is written to the run before
the message is settled, so that a crash between the two repeats neither; a crash between the answer and the run's transaction repeats
the call, with the same idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec
from sqlalchemy import Connection

from secondsource.adapters.senders.signature import HEADER, sign
from secondsource.adapters.sql import runs
from secondsource.adapters.sql.database import Database
from secondsource.contracts.connector import Request
from secondsource.contracts.sender import Delivered, Delivery, Message, Rejected, Retry
from secondsource.domain.ids import content_id
from secondsource.domain.observations import Outcome
from secondsource.plans.run import AnyEvent, CallEnded, CallWebhook, Run, RunState, Step, call_key
from secondsource.ports.fetcher import Failed, Fetcher, FetchPolicy, Page
from secondsource.settings.secrets import SecretError
from secondsource.settings.service import Automation

AUTOMATION = "~automation"
"""The channel that carries calls. No configured channel is called so."""

HELD = timedelta(seconds=30)
"""How long until a call of a run that is held is looked at again."""

MAX_ANSWER = 1024 * 1024
_LATER = frozenset({408, 425, 429})
_PASSING = frozenset({Outcome.NETWORK, Outcome.TIMEOUT})

Report = Callable[[Connection, str, AnyEvent, datetime], Step]
"""Tells a run what happened: :meth:`secondsource.runtimes.responder.Responder.act_on_run`."""


def call_message(run: Run, call: CallWebhook, now: datetime) -> Message:
    """The call as a message of the outbox."""
    key = content_id("call", call.key)
    return Message(
        id=key,
        idempotency_key=key,
        channel=AUTOMATION,
        recipient=call.url,
        headline=f"Call {call.url} for {run.runbook}",
        reason=f"step {run.step} of {run.runbook}, run {run.id}",
        risk=run.risk.id,
        severity=run.risk.severity.value,
        exercise=run.risk.exercise,
        created_at=now,
        data={"occasion": "call", "run": run.id, "call": msgspec.json.encode(call).decode()},
    )


class AutomationSender:
    """Makes the calls. Answers that pass by (408, 425, 429, 5xx, no answer) are tried again until the step's time is over."""

    kind: ClassVar[str] = "automation"

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        report: Report,
        now: Callable[[], datetime],
        settings: Automation | None,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``settings`` None: no call may be made, and each fails with that reason. ``on_change`` is called when a run has gone on."""
        self._database = database
        self._fetcher = fetcher
        self._report = report
        self._now = now
        self._settings = settings
        self._on_change = on_change

    async def send(self, message: Message) -> Delivery:
        """Try once."""
        id_, call = message.data["run"], msgspec.json.decode(message.data["call"], type=CallWebhook)
        run = await self._database.read(lambda connection: runs.get(connection, id_))
        settled = _settled(run, call, self._now())
        if settled is not None:
            return settled
        if self._settings is None:
            return await self._end(id_, call, "the configuration has no `automation`, so nothing is called")
        try:
            secret = self._settings.secret.reveal()
        except SecretError as error:
            return Retry(str(error))
        body = msgspec.json.encode(call.body, order="sorted")
        key = message.idempotency_key
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "x-secondsource-run": id_,
            HEADER.lower(): sign(body, secret, self._now()),
        }
        policy = FetchPolicy(allow=self._settings.allow, deadline=call.timeout, max_bytes=MAX_ANSWER, max_redirects=0)
        request = Request(call.url, "POST", headers, body=body, auth=call.auth, every_status=True, every_time=True)
        fetched = await self._fetcher.fetch(request, policy=policy)
        if isinstance(fetched, Failed):
            return Retry(fetched.detail) if fetched.outcome in _PASSING else await self._end(id_, call, fetched.detail)
        assert isinstance(fetched, Page), "what is read every time is never unchanged"
        status = fetched.response.status
        if status in call.expect or (not call.expect and 200 <= status <= 299):
            return await self._end(id_, call, f"answered {status}", ok=True)
        if status in _LATER or status >= 500:
            return Retry(f"answered {status}", fetched.retry_after)
        return await self._end(id_, call, f"answered {status}")

    async def close(self) -> None:
        """The fetcher is closed by whoever made it."""

    async def _end(self, id_: str, call: CallWebhook, detail: str, *, ok: bool = False) -> Delivery:
        now = self._now()
        await self._database.write(lambda connection: self._report(connection, id_, CallEnded(call.key, ok, detail), now))
        self._on_change()
        return Delivered(call.key) if ok else Rejected(detail)


def _settled(run: Run | None, call: CallWebhook, now: datetime) -> Delivery | None:
    """What becomes of the message without a try; None where one is to be made."""
    known = run.calls.get(call.key) if run is not None else None
    if run is None or known is None:
        return Rejected("the run that asked for it is not there")
    if known.ended_at is not None:
        return Delivered(call.key) if known.ok else Rejected(known.detail)
    if run.state.over or call_key(run) != call.key:
        return Rejected("the run has gone on without it")
    if run.state is RunState.PAUSED:
        return Retry("a person holds the run", HELD)
    return Rejected("the time of its step is over") if run.until is not None and now >= run.until else None
