"""The command ``secondsource``: the data commands, and those that start processes.

It stands here because the layers forbid the command line to know the services (see the decision on root packages).
"""

from __future__ import annotations

from secondsource.cli.app import cli

STARTS: dict[str, str] = {}
"""Commands that start processes: name to ``module:attribute``, imported when called."""


def main() -> None:
    """Entry point of the console script."""
    cli(STARTS)()
