"""Name look-up, as a callable that can be replaced."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to IP addresses in the order to try; raises OSError where there are none."""


class SystemResolver:
    """The system's resolver, in threads of its own: a hanging name server must not hold up the threads of the database."""

    def __init__(self, threads: int = 8) -> None:
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of ``host``, without repetitions."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._executor, _look_up, host, port)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Take no more look-ups; one that hangs is left to its own time limit."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    return [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
