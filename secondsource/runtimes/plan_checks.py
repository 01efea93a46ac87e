"""Checks plans' preconditions on a schedule, so that a plan that would not help is found on a quiet day.

What the store knows is looked up, and HTTP checks are made, each at most once an hour. Every result is kept; one that is news goes on the
log as an observation, so that the rule ``hollow_plan`` hears of it in every runtime and in replay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from secondsource.adapters.sql import log, plan_checks
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.plan_checks import Checked
from secondsource.contracts.connector import Request
from secondsource.domain.observations import INTERNAL, CheckOutcome, Gone, Observation, Outcome, PlanCheck, batch_of, observe
from secondsource.domain.words import count
from secondsource.plans.preconditions import Result
from secondsource.plans.schema import Contingency, HttpCheck
from secondsource.ports.fetcher import Failed, Fetcher, FetchPolicy, Page
from secondsource.runtimes.playbook import Playbook

SOURCE = "plans"
APART = timedelta(minutes=55)
"""Between two requests of one HTTP check at least, with a little room for a scheduler that wakes early or late."""

MAX_ANSWER = 1024 * 1024
_NO_EVIDENCE = frozenset({Outcome.NETWORK, Outcome.TIMEOUT, Outcome.TOO_LARGE})

Asked = Mapping[tuple[str, str], Result]
"""How HTTP checks went just now, by plan and check."""


class PlanChecks:
    """Makes the checks. ``allow`` are the networks that HTTP checks may reach although they are not public."""

    def __init__(
        self,
        database: Database,
        playbook: Playbook,
        fetcher: Fetcher,
        now: Callable[[], datetime],
        *,
        allow: tuple[str, ...] = (),
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_change`` is called when there is news on the log."""
        self._database = database
        self._playbook = playbook
        self._fetcher = fetcher
        self._now = now
        self._allow = allow
        self._on_change = on_change

    async def run(self, due: datetime) -> str:
        """Check every plan that somebody counts on; says in a few words what came of it. Work for the scheduler."""
        plans, waiting = await self._database.read(self._wanted)
        asked = dict(zip(waiting, await asyncio.gather(*map(self._ask, waiting.values())), strict=True))
        now = self._now()
        results, news = await self._database.write(lambda connection: self._keep(connection, plans, asked, now))
        if news:
            self._on_change()
        wrong = sum(1 for each in results.values() if any(not result.holds for result in each))
        return f"{count(len(plans), 'plan')} checked, {wrong} not proven or hollow"

    def _wanted(self, connection: Connection) -> tuple[tuple[Contingency, ...], dict[tuple[str, str], HttpCheck]]:
        plans, now = self._playbook.adopted(connection), self._now()
        last = {(checked.plan, checked.check): checked.at for checked in plan_checks.latest(connection)}
        waiting = {
            (plan.id, f"answers/{check.id}"): check
            for plan in plans
            for check in plan.preconditions.answers
            if (at := last.get((plan.id, f"answers/{check.id}"))) is None or now - at >= APART
        }
        return plans, waiting

    async def _ask(self, check: HttpCheck) -> Result:
        policy = FetchPolicy(allow=self._allow, deadline=check.timeout, max_bytes=MAX_ANSWER, max_redirects=0)
        request = Request(check.url, check.method, auth=check.auth, every_status=True, every_time=True)
        fetched = await self._fetcher.fetch(request, policy=policy)
        if isinstance(fetched, Page):
            status = fetched.response.status
            outcome = CheckOutcome.OK if status == check.expect else CheckOutcome.UNKNOWN if status >= 500 else CheckOutcome.FAILED
            return Result(check.id, outcome, f"{check.id} answered {status}" + ("" if status == check.expect else f", not {check.expect}"))
        assert isinstance(fetched, Failed), "what is read every time is never unchanged"
        outcome = CheckOutcome.UNKNOWN if fetched.outcome in _NO_EVIDENCE else CheckOutcome.FAILED
        return Result(check.id, outcome, f"{check.id}: {fetched.detail}")

    def _keep(
        self, connection: Connection, plans: Sequence[Contingency], asked: Asked, now: datetime
    ) -> tuple[dict[str, list[Result]], int]:
        """Write every result, and put on the log what is news."""
        before = {(checked.plan, checked.check): checked for checked in plan_checks.latest(connection)}
        for (plan_id, check), result in asked.items():
            plan_checks.keep(connection, plan_id, check, result.outcome, result.reason, now)
        results = {plan.id: self._playbook.examine(connection, plan, now) for plan in plans}
        news: list[Observation] = []
        for plan in plans:
            for result in results[plan.id]:
                key = (plan.id, result.check)
                if key not in asked and not result.check.startswith("answers/"):
                    plan_checks.keep(connection, plan.id, result.check, result.outcome, result.reason, now)
                if _is_news(before.pop(key, None), result):
                    body = PlanCheck(plan.id, plan.title, result.check, result.outcome, result.reason)
                    news.append(_said(plan.id, result.check, body, now))
        for plan_id, check in before:
            plan_checks.keep(connection, plan_id, check, None, "", now)
            news.append(_said(plan_id, check, Gone("plan_check"), now))
        if news:
            log.append(connection, [batch_of(INTERNAL, SOURCE, now, tuple(news))])
        return results, len(news)


def _said(plan: str, check: str, body: PlanCheck | Gone, now: datetime) -> Observation:
    return observe(source=SOURCE, vendor=INTERNAL, subject=f"plan/{plan}/{check}", observed_at=now, body=body)


def _is_news(before: Checked | None, result: Result) -> bool:
    """Whether the outcome is another one, or the reason of one that does not hold. That a drill is a day older is no news."""
    if before is None or before.outcome is not result.outcome:
        return True
    return not result.holds and before.reason != result.reason
