"""A paper as one HTML file that needs nothing else: style and charts stand in it, nothing is loaded, no script runs."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from secondsource.adapters.reports.charts import status_drawing, step_drawing
from secondsource.adapters.reports.paper import Paper
from secondsource.adapters.senders.text import clean

LONGEST = 2000
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b", re.ASCII)


def html(paper: Paper) -> str:
    """The whole document. The same paper gives the same text."""
    return _template().render(paper=paper)


def _dated(text: str) -> Markup:
    """The text, escaped, with dates that are not broken over lines."""
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(clean(text, LONGEST)))))  # noqa: S704


def _stylable(text: str) -> str:
    """What may stand between quotes in a style sheet: nothing in it ends the quotes, the sheet or a line."""
    return re.sub(r"[^A-Za-z0-9 ,.:-]", "", text)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("secondsource.adapters.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # every text passes through here, and is escaped after it
    environment.filters["shown"] = lambda text: clean(text, LONGEST)
    environment.filters["dated"] = _dated
    environment.filters["stylable"] = _stylable
    environment.filters["status_drawing"] = status_drawing
    environment.filters["step_drawing"] = step_drawing
    return environment.get_template("paper.html")
