"""The command group. Commands are found, not listed: every module beside this one has a ``command``, but for those whose name
begins with an underscore, which commands share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import click

from secondsource import __version__
from secondsource import cli as package
from secondsource.domain.errors import UserError


class _Group(click.Group):
    """Imports a command when it is used, so that the others cost nothing at start."""

    def __init__(self, places: Mapping[str, str], **settings: Any) -> None:
        super().__init__(**settings)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command), f"{place} is not a command"
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that the user can mend becomes one sentence and its exit code."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            click.echo(f"{ctx.info_name}: {error}", err=True)
            ctx.exit(error.exit_code)


def cli(starts: Mapping[str, str]) -> click.Group:
    """The group with the commands of this package and those in ``starts`` (name to ``module:attribute``)."""
    own = {
        module.name.replace("_", "-"): f"{package.__name__}.{module.name}:command"
        for module in pkgutil.iter_modules(package.__path__)
        if module.name != "app" and not module.name.startswith("_")
    }
    group = _Group({**own, **starts}, name="secondsource", help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
    return click.version_option(__version__, prog_name="secondsource")(group)


_HELP = """Watch the vendors that your computing depends on, and act when one fails.

Exit codes: 0 done, 1 findings or failed checks, 2 wrong usage.
"""
