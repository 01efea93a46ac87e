"""Small parts of a live world for tests: the outage rule, and time told to the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from secondsource.adapters import plugins
from secondsource.adapters.sql import log
from secondsource.adapters.sql.database import Database
from secondsource.contracts.rule import Rule
from secondsource.domain.context import Context
from secondsource.domain.observations import tick
from secondsource.engine.engine import Engine


def outage_rule() -> dict[str, Rule]:
    """The rule for outages as shipped, with its own parameters."""
    rule: Any = plugins.rule("vendor_outage")
    return {"vendor_outage": rule(rule.Params())}


async def tell_time(database: Database, now: datetime) -> None:
    """Write into the log that ``now`` has come."""
    await database.write(lambda connection: log.append(connection, [tick(now)]))


def outage_engine(context: Context) -> Engine:
    """An engine without a store that runs the rule for outages."""
    return Engine(outage_rule(), context)
