"""``secondsource risks``: the register of a running instance, through its API."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click
import msgspec

from secondsource.adapters.api_client import ApiClient, decoded
from secondsource.cli._explain_text import Explained, explained
from secondsource.cli._risk_text import Detail, Listed, lines_of, row, table
from secondsource.domain.errors import UserError
from secondsource.domain.register import State
from secondsource.domain.signals import Severity

LIVE = tuple(state.value for state in State if state is not State.CLOSED)
KEY = "SECONDSOURCE_API_KEY"

Command = Callable[..., Any]


class _Listing(click.Group):
    """A group whose command is ``list`` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``list`` before options that come first."""
        named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["list", *args])


@click.group("risks", cls=_Listing)
def command() -> None:
    """List the risks of a running instance, show one, and act on it.

    The API key is read from SECONDSOURCE_API_KEY. Without a command: list. Exits with 2 where the instance can not be asked, or refuses.
    """


def _asking(function: Command) -> Command:
    """What every command takes: whom to ask, and whether to answer in JSON."""
    url = click.option(
        "--url", envvar="SECONDSOURCE_URL", show_envvar=True, default="http://127.0.0.1:8765", show_default=True,
        help="The address of the instance.",
    )  # fmt: skip
    return url(click.option("--json", "as_json", is_flag=True, help="What the API says, as one JSON object.")(function))


def _reasoned(*, required: bool) -> Callable[[Command], Command]:
    says = "Why, in a sentence; it goes into the history."
    return click.option("--reason", required=True, help=says) if required else click.option("--reason", default="", help=says)


@contextmanager
def _client(url: str) -> Iterator[ApiClient]:
    client = ApiClient(url, os.environ.get(KEY, "").strip())
    try:
        yield client
    finally:
        client.close()


@command.command("list")
@_asking
@click.option("--state", "states", multiple=True, type=click.Choice([state.value for state in State]), help="Only these states.")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.option("--severity", type=click.Choice([severity.value for severity in Severity]), help="At least this severity.")
@click.option("--vendor", help="The id of a vendor.")
@click.option("--rule", help="The id of a rule.")
@click.option("--function", help="The id of a business function.")
@click.option("--exercise", help="The id of a drill, or `any` for all worlds; else the real one only.")
@click.option("--sort", type=click.Choice(["hurts_at", "score", "updated", "severity"]), default="hurts_at", show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most.")
def list_risks(url: str, as_json: bool, states: tuple[str, ...], everything: bool, limit: int, **filters: str | None) -> None:
    """List risks, those that are not closed unless told otherwise; what hurts already or first stands first."""
    wanted: dict[str, str | list[str]] = {name: value for name, value in filters.items() if value is not None}
    if not everything or states:
        wanted["state"] = list(states or LIVE)
    with _client(url) as client:
        found = client.risks(wanted, limit)
    if as_json:
        click.echo(msgspec.json.encode({"risks": found}))
        return
    risks = [decoded(risk, Listed, url) for risk in found]
    if sys.stdout.isatty():
        table(risks)
    else:
        for risk in risks:
            click.echo(row(risk))
    if not risks:
        click.echo("no risk is as you ask", err=True)


@command.command("show")
@click.argument("id")
@_asking
def show(id: str, url: str, as_json: bool) -> None:
    """Show one risk: its sentence, the chain, the scores with their reasons, and what happened."""
    with _client(url) as client:
        _tell(client.risk(id), url, as_json)


@command.command("explain")
@click.argument("id")
@_asking
def explain(id: str, url: str, as_json: bool) -> None:
    """Show why: the arithmetic, whom it reaches by which edges, and what sources said, down to the response that it stood in."""
    with _client(url) as client:
        told = client.explanation(id)
    if as_json:
        click.echo(told)
        return
    for line in explained(decoded(told, Explained, url)):
        click.echo(line)


@command.command("acknowledge")
@click.argument("id")
@_asking
@_reasoned(required=False)
def acknowledge(id: str, url: str, as_json: bool, reason: str) -> None:
    """Take a risk: you have seen it and will act. Escalation stops."""
    _act(url, as_json, id, "acknowledge", reason=reason)


@command.command("mitigate")
@click.argument("id")
@_asking
@_reasoned(required=False)
def mitigate(id: str, url: str, as_json: bool, reason: str) -> None:
    """Say that work on it has begun."""
    _act(url, as_json, id, "mitigate", reason=reason)


@command.command("accept")
@click.argument("id")
@_asking
@_reasoned(required=True)
@click.option("--until", required=True, metavar="DAY", help="The last day, as 2026-03-31, or an instant with its zone.")
def accept(id: str, url: str, as_json: bool, reason: str, until: str) -> None:
    """Bear it until a date. It opens again then, or when it becomes more severe."""
    _act(url, as_json, id, "accept", reason=reason, until=_end_of(until).isoformat())


@command.command("close")
@click.argument("id")
@_asking
@_reasoned(required=True)
def close(id: str, url: str, as_json: bool, reason: str) -> None:
    """End it."""
    _act(url, as_json, id, "close", reason=reason)


@command.command("reopen")
@click.argument("id")
@_asking
@_reasoned(required=True)
def reopen(id: str, url: str, as_json: bool, reason: str) -> None:
    """Take a closed one up again; its escalation begins anew."""
    _act(url, as_json, id, "reopen", reason=reason)


def _act(url: str, as_json: bool, id_: str, verb: str, **body: str) -> None:
    with _client(url) as client:
        told = client.act(id_, verb, body)
    if as_json:
        click.echo(told)
    else:
        click.echo(row(decoded(told, Listed, url)))


def _tell(told: bytes, url: str, as_json: bool) -> None:
    if as_json:
        click.echo(told)
        return
    for line in lines_of(decoded(told, Detail, url)):
        click.echo(line)


def _end_of(text: str) -> datetime:
    """The end of a day in UTC, or the instant itself."""
    try:
        if len(text) == len("2026-03-31"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UserError(f"--until {text!r} is no day; write it as 2026-03-31, or as 2026-03-31T12:00:00+02:00") from None
    if instant.tzinfo is None:
        raise UserError(f"--until {text} does not say its zone; write it as {text}Z, or give the day only")
    return instant
