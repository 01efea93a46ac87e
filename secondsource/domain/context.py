"""What a rule may look at besides its input: the company and the vendors, as one versioned, read-only value."""

from __future__ import annotations

from functools import cached_property

from secondsource.domain.ids import content_id
from secondsource.domain.portfolio import Portfolio
from secondsource.domain.vendors import VendorGraph


class Context:
    """Portfolio and vendor graph of one configuration. ``version`` is a hash of both."""

    def __init__(self, portfolio: Portfolio | None = None, graph: VendorGraph | None = None) -> None:
        self.portfolio = portfolio or Portfolio()
        self.graph = graph or VendorGraph()

    @cached_property
    def version(self) -> str:
        """Changes when, and only when, portfolio or vendors do."""
        return content_id(self.portfolio, sorted(self.graph.vendors.items()))
