"""The command ``secondsource``: the data commands, and those that start processes.

It stands here because the layers forbid the command line to know the services (see the decision on root packages).
"""

from __future__ import annotations

from secondsource.cli.app import cli

STARTS = {"demo": "services.demo.command:command", "up": "services.all_in_one:command"}
"""Commands that start processes: name to ``module:attribute``, imported when called."""


def main() -> None:
    """Entry point of the console script."""
    cli(STARTS)()
