"""``make fuzz``: every connector against spoilt answers, in the worker process with its bounds.

Whatever arrives, a connector gives readings or a ParseError, within a second of processor time and 256 MiB. What does otherwise is
told with the number that makes it again while the fixtures are the same, and kept with the configuration. Ends with 1 where there was any.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from secondsource.adapters.limited import LimitedParser, Limits
from secondsource.adapters.plugins import connector, connector_names, connectors
from secondsource.contracts.connector import ParseError, Recognises, Response
from tests.support.chance import Dice, number
from tests.support.mutations import spoilt

FIXTURES = Path(__file__).parents[1] / "connectors"
CORPUS = Path(os.environ.get("SECONDSOURCE_CORPUS") or Path(__file__).parents[2].parent / "shared" / "data")
LIMITS = Limits(cpu=timedelta(seconds=1), wall=timedelta(seconds=60), memory=256 * 2**20)
AT = datetime(2026, 1, 2, tzinfo=UTC)
SMALL = 200_000


class Seed(NamedTuple):
    """An answer as it was, and what the connector was told and remembered."""

    body: bytes
    config: dict[str, Any]
    memo: str = ""


class Bodies:
    """The answers that are spoilt: the fixtures, and of recorded payloads, where there are any, those that a connector recognises."""

    def __init__(self, most: int = 4 * 1024 * 1024) -> None:
        files = (path for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.name != "INDEX.md" and path.stat().st_size <= most)
        self._recorded = [path.read_bytes() for path in files] if CORPUS.is_dir() else []
        self._owners = {number: self._owned(body) for number, body in enumerate(self._recorded)}

    @staticmethod
    def _owned(body: bytes) -> frozenset[str]:
        answer = Response("https://localhost/", 200, {}, body, AT)
        return frozenset(name for name, reader in connectors().items() if isinstance(reader, Recognises) and reader.recognise(answer) > 0)

    def seeds(self, name: str) -> Sequence[Seed]:
        """What connector ``name`` reads, and what it refuses."""
        found = [self._fixture(path.parent) for path in sorted((FIXTURES / name).glob("*/request.json"))]
        recorded = [body for number, body in enumerate(self._recorded) if name in self._owners[number]]
        return [*found, *(Seed(body, found[0].config) for body in recorded)] if found else []

    @staticmethod
    def _fixture(case: Path) -> Seed:
        request = msgspec.json.decode((case / "request.json").read_bytes())
        return Seed(next(case.glob("response.*")).read_bytes(), request["config"], request.get("memo", ""))


def made(name: str, seeds: Sequence[Seed], seed: int, turn: int) -> tuple[Response, dict[str, Any]]:
    """The spoilt answer of one turn, and the configuration that it is read with."""
    dice = Dice(number(seed, 2**60, name, turn))
    chosen = dice.one_of(seeds)
    body = spoilt(chosen.body, dice, [one.body for one in seeds])
    return Response("https://localhost/", 200, {}, body, AT, dice.one_of((None, 5)), chosen.memo), chosen.config


class Found(NamedTuple):
    """A turn that went as none should."""

    name: str
    turn: int
    why: str
    body: bytes
    told: dict[str, Any]


async def fuzz(name: str, seeds: Sequence[Seed], seed: int, turns: Sequence[int], parser: LimitedParser) -> list[Found]:
    """What went wrong in ``turns`` of connector ``name``."""
    model = connector(name).spec.config
    found = []
    for turn in turns:
        answer, told = made(name, seeds, seed, turn)
        try:
            await parser.parse(name, model.model_validate(told), answer)
        except ParseError as error:
            if error.where == "parser" or not error.where or not error.reason or "\n" in str(error):
                found.append(Found(name, turn, str(error), answer.body, told))
    return found


def _shares(turns: range, jobs: int) -> Iterator[range]:
    yield from (range(turns.start + job, turns.stop, jobs) for job in range(jobs))


def _keep(folder: Path, seed: int, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{found.name}-{seed}-{found.turn}"
    kept.write_bytes(found.body)
    kept.with_suffix(".json").write_bytes(msgspec.json.encode(found.told))
    click.echo(f"      {found.why}: make fuzz ARGS='--seed {seed} --only {found.name} --first {found.turn} --turns 1' ({kept})")


@click.command()
@click.option("--seed", default=1, show_default=True, help="What chance begins with.")
@click.option("--turns", default=2000, show_default=True, type=click.IntRange(1), help="Spoilt answers for each connector.")
@click.option("--first", default=0, show_default=True, help="The first turn: with --turns 1 one turn is made again.")
@click.option("--only", multiple=True, type=click.Choice(connector_names()), help="These connectors; all of them if absent.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Worker processes.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), default=Path(".fuzz"), show_default=True, help="For answers.")
def main(seed: int, turns: int, first: int, only: Sequence[str], jobs: int, keep: Path) -> None:
    """Read spoilt answers with every connector, and tell which did what none should."""
    bodies, found, names = Bodies(), [], only or connector_names()

    async def run() -> None:
        parser = LimitedParser(LIMITS, jobs)
        try:
            for place, name in enumerate(names, 1):
                seeds = bodies.seeds(name)
                shares = _shares(range(first, first + turns), jobs)
                new = [one for part in await asyncio.gather(*(fuzz(name, seeds, seed, share, parser) for share in shares)) for one in part]
                found.extend(new)
                click.echo(f"{place:3} of {len(names)}  {name:24} {turns:>7} turns  {len(seeds):>3} seeds  {len(new)} wrong")
                for one in new:
                    _keep(keep, seed, one)
        finally:
            await parser.close()

    asyncio.run(run())
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
