"""``secondsource demo``: a day of history through the real path, on one machine, offline."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import datetime
from pathlib import Path

import click
import msgspec
import structlog
from rich.console import Console

from secondsource.adapters.lock import held
from secondsource.adapters.sql.chronicle import Chronicle
from services.demo import story
from services.demo.conductor import Stage, stage
from services.demo.result import result
from services.demo.view import LiveView, line

FOLDER = Path(".secondsource/demo")
SPEED = 600.0
"""Ten virtual minutes in a second: the day is over in two minutes."""

_encode = msgspec.json.Encoder(decimal_format="string").encode


@click.command("demo")
@click.option("--once", is_flag=True, help="End when the day is over, and wait for nothing on the way.")
@click.option(
    "--speed", type=click.FloatRange(min=1), help=f"How much faster than the real day, {SPEED:g} by default; not at all with --once."
)
@click.option("--json", "as_json", is_flag=True, help="Print nothing but one JSON object at the end; goes with --once.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Where the page is served; 0 takes a free port."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True, help="Where its files go.")
def command(once: bool, speed: float | None, as_json: bool, port: int, data: Path) -> None:
    """Play 20 October 2025, when AWS us-east-1 failed, through the whole program.

    Pages that change as the day goes by are served on this machine and polled over HTTP; messages go to a stand-in for Slack and to
    a mail server, both on this machine too. Nothing leaves it. Afterwards the page stays up until Ctrl-C.
    """
    if as_json and not once:
        raise click.UsageError("--json prints when the day is over: add --once")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40), logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with held(data):
        asyncio.run(_demo(once, speed if once else speed or SPEED, as_json, 0 if once and port == 8765 else port, data))


async def _demo(once: bool, speed: float | None, as_json: bool, port: int, data: Path) -> None:
    async with stage(data, port, speed) as world:
        playing = asyncio.create_task(_play(world, as_json))
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
            return
        playing.result()
        review = await world.review()
        if as_json:
            click.echo(_encode(world.parts.database.read_now(result)))
        else:
            click.echo(f"The day is over. Halcyon AI's review is {review}.")
        if not once:
            click.echo(f"The page stays at {world.url} (key {world.key}) until you press Ctrl-C.")
            await stopping
        stopping.cancel()


async def _play(world: Stage, silent: bool) -> None:
    if silent:
        await world.play()
    elif sys.stdout.isatty():
        with LiveView(world.parts.database, Console(), world.url, world.key) as view:
            await world.play(view.update)
    else:
        click.echo(f"{story.START:%Y-%m-%d}, page at {world.url}, key {world.key}")
        chronicle = Chronicle()

        def tell(now: datetime) -> None:
            for event in world.parts.database.read_now(chronicle.new):
                click.echo(line(event))

        await world.play(tell)
