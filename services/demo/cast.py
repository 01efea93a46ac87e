"""What people did that day: who answers which message, and after how long.

They act on what reached them: a message in Slack with a button, whose address leads to a risk or a run. They press it
through the same API that the page uses, each with a key of their own.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from secondsource.testing.standins.slack import SlackMessage, SlackStandIn
from services.demo.story import at


class Person(NamedTuple):
    """Someone of the company: their id in the configuration, their Slack member id, and how long they take for each verb.

    ``awake`` is when they first look at messages. ``tick`` is how long each item of a checklist takes them.
    """

    id: str
    slack: str
    takes: Mapping[str, timedelta]
    awake: datetime
    tick: timedelta | None = None
    works: frozenset[str] = frozenset()  # ids of the runbooks whose checklists they work through


MINUTE = timedelta(minutes=1)

PEOPLE = (
    # on call, but the telephone lies in another room until just before half past seven
    Person("ana", "U0ANA", {"acknowledge": 4 * MINUTE}, at("07:29"), 4 * MINUTE, frozenset({"model-api-failover", "blind-source"})),
    Person("ben", "U0BEN", {"acknowledge": 5 * MINUTE}, at("06:00"), 7 * MINUTE, frozenset({"region-failover"})),
    Person("cleo", "U0CLEO", {"approve": 6 * MINUTE}, at("06:00")),
    Person("dev", "U0DEV", {"acknowledge": 45 * MINUTE}, at("06:00"), 40 * MINUTE, frozenset({"cost-and-capacity"})),
)
"""On call, duty manager, incident commander, vendor manager."""


class _Act(NamedTuple):
    due: datetime
    number: int
    person: str
    path: str
    body: dict[str, str]


class Cast:
    """The people at their telephones. Deterministic: what they do depends on the messages and on nothing else."""

    def __init__(self, slack: SlackStandIn, api: httpx2.AsyncClient, keys: Mapping[str, str]) -> None:
        """``keys`` are the API keys by person; ``api`` has the server's address as its base."""
        self._slack = slack
        self._api = api
        self._keys = keys
        self._seen = 0
        self._number = 0
        self._planned: list[_Act] = []
        self._known: set[tuple[str, str, str]] = set()
        self._working: set[tuple[str, str]] = set()

    def next_due(self) -> datetime | None:
        """When somebody next does something."""
        return self._planned[0].due if self._planned else None

    def look(self) -> None:
        """Take notice of the messages that have come since the last look."""
        new, self._seen = self._slack.messages[self._seen :], len(self._slack.messages)
        for message in new:
            for person in PEOPLE:
                if message.channel == f"D{person.slack[1:]}":
                    self._read(person, message)

    async def act(self, now: datetime) -> None:
        """Do what falls due at ``now``."""
        while self._planned and self._planned[0].due <= now:
            act = heapq.heappop(self._planned)
            answer = await self._api.post(act.path, json=act.body, headers=self._as(act.person))
            if answer.status_code == 409:
                continue  # somebody was quicker, or it is over: the page says so, and they leave it
            answer.raise_for_status()
            await self._go_on(act)

    def _read(self, person: Person, message: SlackMessage) -> None:
        seen = max(message.at, person.awake)
        for label, url in message.buttons():
            verb, (kind, id_) = label.lower(), urlsplit(url).path.strip("/").split("/")[:2]
            takes = person.takes.get(verb)
            if takes is not None and (person.id, verb, id_) not in self._known:
                self._known.add((person.id, verb, id_))
                self._plan(seen + takes, person.id, f"/v1/{kind}/{id_}/{verb}", {"reason": "seen"} if verb == "acknowledge" else {})

    async def _go_on(self, act: _Act) -> None:
        """After an acknowledgement or an approval, those who work through checklists look which ones there are now."""
        answer = await self._api.get("/v1/runs", params={"state": "running"}, headers=self._as(act.person))
        answer.raise_for_status()
        for run in answer.json()["items"]:
            place = (run["id"], run["step"])
            if place in self._working:
                continue
            person = next((person for person in PEOPLE if run["runbook"] in person.works), None)
            if person is None or person.tick is None:
                continue
            self._working.add(place)
            for n, item in enumerate(run["checklist"], 1):
                body = {"item": item["id"], "evidence": "done and looked at"}
                self._plan(max(act.due, person.awake) + n * person.tick, person.id, f"/v1/runs/{run['id']}/tick", body)

    def _plan(self, due: datetime, person: str, path: str, body: dict[str, str]) -> None:
        self._number += 1
        heapq.heappush(self._planned, _Act(due, self._number, person, path, body))

    def _as(self, person: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self._keys[person]}"}
