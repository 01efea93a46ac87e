"""Runs a connector's ``parse`` in a worker process with bounded time and memory, so that a hostile page can hurt nobody.

The worker is reused from parse to parse and replaced when it exceeds a bound or ends. It starts with an empty environment,
writes no files, and speaks msgpack over its pipes: ``[connector, config as JSON, response]`` in, ``[parsed, where, reason]`` out.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import resource
import signal
import sys
from collections.abc import Callable
from datetime import timedelta

import msgspec
from pydantic import BaseModel

from secondsource.adapters.plugins import connector
from secondsource.contracts.connector import Parsed, ParseError, Response

_LENGTH = 4
_STARTING = timedelta(seconds=30)


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one parse. ``cpu`` is counted in whole seconds, rounded up; ``memory`` (bytes) is all that the worker may map."""

    cpu: timedelta = timedelta(seconds=2)
    wall: timedelta = timedelta(seconds=10)
    memory: int = 512 * 1024 * 1024


DEFAULT_LIMITS = Limits()


class _Order(msgspec.Struct, frozen=True, array_like=True):
    connector: str
    config: bytes
    response: Response


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    parsed: Parsed | None = None
    where: str = ""
    reason: str = ""


_encode = msgspec.msgpack.Encoder().encode
_answer = msgspec.msgpack.Decoder(_Answer).decode
_order = msgspec.msgpack.Decoder(_Order).decode


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"


class _Worker:
    """One process. It is used by one parse at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr

    @classmethod
    async def start(cls, limits: Limits) -> _Worker:
        """A worker that has said that it is ready. Raises :class:`ParseError` where none can be had."""
        # the same modules as here, whatever made them importable; nothing else of the environment, which may hold secrets
        environment = {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-W", "ignore", "-m", "secondsource.adapters.limited"),
                *(str(math.ceil(limits.cpu.total_seconds())), str(limits.memory)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
            )
        except OSError as error:  # no memory or no process to be had just now: the next poll tries again
            raise ParseError("parser", f"its worker process does not start: {error.strerror or error}") from None
        worker = cls(process)
        try:
            async with asyncio.timeout(_STARTING.total_seconds()):
                await worker._receive()
        except (TimeoutError, asyncio.IncompleteReadError):
            why = await worker.end(grace=1)
            raise ParseError("parser", f"its worker process does not start: {why}") from None
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _receive(self) -> bytes:
        size = int.from_bytes(await self._stdout.readexactly(_LENGTH), "big")
        return await self._stdout.readexactly(size)

    async def ask(self, order: bytes) -> bytes:
        """One order, one answer. Raises ``IncompleteReadError`` or ``ConnectionError`` when the process ends instead."""
        self._stdin.write(len(order).to_bytes(_LENGTH, "big") + order)
        await self._stdin.drain()
        return await self._receive()

    async def end(self, grace: float = 0) -> str:
        """End the process, by force after ``grace`` seconds; the reason why it ended, as far as it is known."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._process.wait()
        if self._process.returncode is None:
            # not Process.kill, which may collect the exit code of a process that has just ended, before asyncio can
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        # whatever was written before the end can be read after it
        said = (await self._stderr.read()).decode("utf-8", "replace").strip()
        code = await self._process.wait()
        self._stdin.close()
        if code < 0 and code != -signal.SIGKILL:
            return signal.Signals(-code).name
        return said.splitlines()[-1][:200] if said else f"exit code {code}"


class LimitedParser:
    """Parses within :class:`Limits`, at most ``workers`` parses at once. Processes start when they are first needed."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, workers: int = 1) -> None:
        self.limits = limits
        self._free: asyncio.Queue[_Worker | None] = asyncio.Queue()
        self._workers = workers
        for _ in range(workers):
            self._free.put_nowait(None)

    async def parse(self, name: str, config: BaseModel, response: Response) -> Parsed:
        """What connector ``name`` makes of ``response``.

        Raises :class:`ParseError` as the connector does, and with ``parser`` as its place when a bound was exceeded or the
        connector failed in a way that it should not.
        """
        order = _encode(_Order(name, config.model_dump_json().encode(), response))
        worker = await self._free.get()
        keep = None
        try:
            worker = worker or await _Worker.start(self.limits)
            try:
                async with asyncio.timeout(self.limits.wall.total_seconds()):
                    answer = _answer(await worker.ask(order))
                keep = worker
            except TimeoutError:
                raise ParseError("parser", f"it exceeded {_seconds(self.limits.wall)}") from None
            except (asyncio.IncompleteReadError, ConnectionError):
                raise ParseError("parser", self._ending(await worker.end(grace=1))) from None
        finally:
            # also when this parse is cancelled: a worker in the middle of an order can not be used again
            if worker is not None and keep is None:
                await asyncio.shield(worker.end())
            self._free.put_nowait(keep)
        if answer.parsed is None:
            raise ParseError(answer.where, answer.reason)
        return answer.parsed

    def _ending(self, why: str) -> str:
        if why == signal.SIGXCPU.name:
            return f"it exceeded {_seconds(self.limits.cpu)} of processor time"
        if why.startswith("MemoryError"):
            return f"it needed more than {self.limits.memory // 2**20} MiB of memory"
        return f"it ended unexpectedly ({why})"

    async def close(self) -> None:
        """End all workers, after the parses that are under way. Nothing can be parsed afterwards."""
        for _ in range(self._workers):
            worker = await self._free.get()
            if worker is not None:
                await worker.end()


def _handle(raw: bytes) -> _Answer:
    order = _order(raw)
    reader = connector(order.connector)
    try:
        return _Answer(reader.parse(order.response, reader.spec.config.model_validate_json(order.config)))
    except ParseError as error:
        return _Answer(None, error.where, error.reason)


def serve(read: Callable[[int], bytes], write: Callable[[bytes], object], cpu: int) -> None:
    """The worker's loop: orders in, answers out, until the other side closes."""

    def send(payload: bytes) -> None:
        write(len(payload).to_bytes(_LENGTH, "big") + payload)

    send(b"")
    while len(size := read(_LENGTH)) == _LENGTH:
        raw = read(int.from_bytes(size, "big"))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        # the bound is on the process, which has worked before: SIGXCPU ends it that many seconds from here
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + cpu, resource.RLIM_INFINITY))
        send(_encode(_handle(raw)))


def main() -> None:
    """Entry of the worker process: ``CPU_SECONDS MEMORY_BYTES``."""
    cpu, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process in its own time
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    serve(sys.stdin.buffer.read, _whole(output.write), cpu)


def _whole(write: Callable[[bytes], int | None]) -> Callable[[bytes], None]:
    """A pipe may take less than it is offered."""

    def write_all(payload: bytes) -> None:
        rest = memoryview(payload)
        while rest:
            rest = rest[write(bytes(rest)) or 0 :]

    return write_all


if __name__ == "__main__":
    main()
