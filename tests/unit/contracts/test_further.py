"""A further page is followed at the origin of the first one only, however its port is written."""

from __future__ import annotations

import pytest

from secondsource.contracts.connector import ParseError
from secondsource.contracts.reading import Node, further

HOME = "https://prices.example.com/list"


@pytest.mark.parametrize("url", [f"{HOME}?page=2", "https://prices.example.com:443/list?page=2", "https://PRICES.example.com/other"])
def test_the_same_origin_is_followed(url: str) -> None:
    assert further(Node(url, "next"), HOME) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://prices.example.com/list?page=2",
        "https://prices.example.com:8443/list",
        "https://prices.example.net/list",
        "https://prices.example.com.evil.example/list",
        "https://prices.example.com@evil.example/list",
        "//evil.example/list",
        "/list?page=2",
        "https://[broken/list",
        "https://prices.example.com:port/list",
    ],
)
def test_what_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ParseError, match=r"^next: "):
        further(Node(url, "next"), HOME)
