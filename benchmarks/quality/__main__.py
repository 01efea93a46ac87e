"""``make quality``: the figures of ``docs/detection-quality.md``, from the recorded corpus. Prints the page; with a file, writes it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.quality.corpus import CORPUS
from benchmarks.quality.page import page


@click.command()
@click.argument("target", required=False, type=click.Path(dir_okay=False, path_type=Path))
def main(target: Path | None) -> None:
    """Measure how good detection is, and write the page."""
    if not CORPUS.is_dir():
        raise click.ClickException(f"the corpus is not at {CORPUS}; say with SECONDSOURCE_CORPUS where it is")
    text = page(lambda name: click.echo(f"  {name}", err=True) if sys.stderr.isatty() else None)
    if target is None:
        click.echo(text, nl=False)
    else:
        target.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
