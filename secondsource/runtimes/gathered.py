"""Writes that share a commit: what comes while one transaction is being written goes into the next one together.

A commit waits for the disk, and many polls end at about the same time. Nobody waits longer for it than for a commit of their own, and
each hears of its own failure only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from secondsource.adapters.sql.database import Database

Work = Callable[[Connection], None]
_Waiting = tuple[Work, asyncio.Future[None]]


class Gathered:
    """A way into one database, for one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, work: Work) -> None:
        """Run ``work`` in a transaction, perhaps with others; it is committed when this returns. Raises what ``work`` raises.

        ``work`` may be run twice, the first time without effect: when another that shared the transaction failed.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                # whoever gave up waiting before it began wants nothing written
                together = [(work, done) for work, done in self._waiting if not done.done()]
                self._waiting = []
                if together:
                    await self._together(together)
        finally:
            self._writing = None

    async def _together(self, together: Sequence[_Waiting]) -> None:
        def all_of_them(connection: Connection) -> None:
            for work, _ in together:
                work(connection)

        try:
            await self._database.write(all_of_them)
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            if len(together) > 1:
                for one in together:
                    await self._together([one])
            elif not together[0][1].done():
                together[0][1].set_exception(error)
            return
        for _, done in together:
            if not done.done():
                done.set_result(None)
