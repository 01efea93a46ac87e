"""One life of the embedded process: it takes up the story where the last one was killed, and goes on until it is killed or done.

Run as a program it is a nursery: it imports everything once, then forks a life for each line of JSON on its standard input, and
answers with how that life ended. A fork costs milliseconds where a new interpreter costs a second.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from datetime import datetime
from pathlib import Path

import msgspec

from secondsource.adapters import plugins, senders
from secondsource.adapters.clock import VirtualClock
from secondsource.adapters.http.backoff import BackoffPolicy
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.limited import LimitedParser
from secondsource.adapters.outbox.dispatcher import SLACK_PACE, Dispatcher
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.adapters.sql.outbox import SqlOutbox
from secondsource.domain.portfolio import Person
from secondsource.plans.load import load
from secondsource.ports.fetcher import FetchPolicy
from secondsource.runtimes.answers import Answers
from secondsource.runtimes.collector import Collector
from secondsource.runtimes.detector import Detector
from secondsource.runtimes.directory import Channel, Directory
from secondsource.runtimes.drilling import Drilling
from secondsource.runtimes.embedded import Embedded
from secondsource.runtimes.playbook import Playbook
from secondsource.runtimes.poll import Source
from secondsource.runtimes.responder import Responder
from secondsource.testing.standins.http import HttpStandIn, Received, Reply
from tests.support.company import company, minutes
from tests.support.crash.story import END, PEOPLE, Story, page_at, pushes
from tests.support.live import outage_rule

RUNBOOKS = Path(__file__).parents[3] / "runbooks"
TOKEN, TOKEN_NAME = "xoxb-crash", "SECONDSOURCE_CRASH_TOKEN"
POINTS = ("pushed", "polled", "logged", "rules-applied", "before-commit", "committed", "message-claimed", "message-sent")
DONE, KILLED = 0, -signal.SIGKILL


class Order(msgspec.Struct, frozen=True):
    """One life: where its files are, who hears from it, and how it ends.

    It is killed at the ``hit``-th time that it comes to ``point`` (any point where that is empty), or after ``delay`` seconds, or not.
    """

    folder: str
    seed: int
    slack: str
    smtp: int
    point: str = ""
    hit: int = 0
    delay: float = 0.0


class Journal:
    """What this process is sure of, written where a kill can not take it back: the times it came to, and what was accepted."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "sure", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, what: str, text: str) -> None:
        os.write(self._file, f"{what} {text}\n".encode())

    @staticmethod
    def read(folder: Path, what: str) -> list[str]:
        path = folder / "sure"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(what + " ")]


class _Page(HttpStandIn):
    def __init__(self, story: Story, clock: VirtualClock) -> None:
        super().__init__()
        self._story = story
        self._clock = clock

    async def respond(self, request: Received) -> Reply:
        return Reply(200, page_at(self._story, self._clock.now()))


async def live(order: Order) -> None:
    """From where the last life was to the end of the story."""
    folder, story, hits = Path(order.folder), Story(order.seed), 0

    def point(name: str) -> None:
        nonlocal hits
        if order.hit and order.point in ("", name):
            hits += 1
            if hits == order.hit:
                os.kill(os.getpid(), signal.SIGKILL)

    times = Journal.read(folder, "at")
    clock = VirtualClock(datetime.fromisoformat(times[-1]) if times else story.start)
    journal = Journal(folder)
    database = Database(folder / "store.db")
    context = company()
    library = load([RUNBOOKS])
    playbook = Playbook(library.documents, context, {"statuspage"})
    directory = Directory([Person(*person) for person in PEOPLE], [Channel("chat", "slack", "C1"), Channel("mail", "email", "")])
    responder = Responder(context, playbook, directory, lambda id_, verb: f"https://ss.example/{id_}/{verb}")
    answers = Answers(responder, Drilling(library.drills, playbook, responder))
    slack = senders.build("slack", {"token": f"env:{TOKEN_NAME}", "base_url": order.slack}, now=clock.now)
    mail = {"host": "127.0.0.1", "port": order.smtp, "security": "none", "sender": "risk@example.org"}
    ways = {"chat": slack, "mail": senders.build("email", mail, now=clock.now)}
    fetcher = HttpFetcher(now=clock.now, monotonic=lambda: 0.0)
    async with _Page(story, clock) as page:
        statuspage = plugins.connector("statuspage")
        config = statuspage.spec.config.model_validate({"url": f"{page.url}/api/v2/summary.json"})
        source = Source("halcyon", "halcyon", statuspage, config, minutes(2), FetchPolicy(allow=("127.0.0.0/8",)))
        embedded = Embedded(
            database,
            clock,
            Collector(database, [source], context, clock, fetcher, LimitedParser(), BackoffPolicy(jitter=0), point),
            Detector(database, outage_rule(), context, answers, point),
            Dispatcher(SqlOutbox(database), ways, clock.now, {"chat": SLACK_PACE}, crash_point=point),
            answers,
        )
        await embedded.begin()
        waiting = [batch for batch in pushes(story) if batch.at >= clock.now()]
        while True:
            now = clock.now()
            journal.say("at", now.isoformat())
            while waiting and waiting[0].at <= now:
                batch = waiting.pop(0)
                await database.write(lambda connection, batch=batch: log.append(connection, [batch]))  # type: ignore[misc]
                point("pushed")
                for observation in batch.observations:
                    journal.say("accepted", observation.id)
            await embedded.turn()
            due = min(await embedded.next_due(), waiting[0].at if waiting else END)
            if due >= END:
                break
            await clock.wait_until(due)
    for sender in ways.values():
        await sender.close()
    await fetcher.close()
    database.close()


def _fork(order: Order) -> int:
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(live(order))
            os._exit(DONE)
        finally:  # after an exception, which goes to standard error; a fork must not run its parent's code to the end
            traceback.print_exc()
            os._exit(1)
    killer = threading.Timer(order.delay, os.kill, (child, signal.SIGKILL)) if order.delay else None
    if killer is not None:
        killer.start()
    _, status = os.waitpid(child, 0)
    if killer is not None:
        killer.cancel()
        killer.join()
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """Serve orders until standard input ends."""
    os.environ[TOKEN_NAME] = TOKEN
    decoder = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        ended = _fork(decoder.decode(line))
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
