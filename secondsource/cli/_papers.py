"""What commands share that make a paper: its forms, the data folder, and where it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from secondsource.adapters.reports.html import html
from secondsource.adapters.reports.markdown import markdown
from secondsource.adapters.reports.paper import Paper
from secondsource.domain.errors import UserError

WRITERS: Mapping[str, Callable[[Paper], str]] = {"md": markdown, "html": html}

form_option = click.option(
    "--format", "form", type=click.Choice(sorted(WRITERS)), default="md", show_default=True, help="What it is written as."
)
output_option = click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it here instead of printing it.")
data_option = click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The data folder; absent: the configuration's.")


def hand_out(text: str, output: Path | None, said: str = "") -> None:
    """Print the text, or write it to ``output`` and say so with ``said``. Raises ``UserError`` where that can not be written."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{output} can not be written: {error.strerror or error}") from None
    click.echo(f"wrote {output}" + (f": {said}" if said else ""), err=True)
