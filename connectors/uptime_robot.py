"""Public status pages of UptimeRobot, by the list of monitors that they load: ``/api/getMonitorList/<page key>``.

The key stands in the page's address. Each monitor is up, down or in between by its colour class; one that is paused, or that
has not been looked at yet, is unknown. The page has no incidents of its own beyond that. It comes in pages of monitors, whose
total is stated: a list that ends before it is a parse error, not a page with fewer monitors. A class that is not known is read
as unknown, with the word kept, as ``statuspage`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.reading import Node, WebAddress, document
from secondsource.contracts.status_page import ComponentsConfig, StatusPage, json_request
from secondsource.domain.status import Status
from secondsource.domain.text import plain_text

_CLASSES = {
    "success": Status.OPERATIONAL,
    "warning": Status.DEGRADED,
    "danger": Status.MAJOR_OUTAGE,
    "paused": Status.UNKNOWN,
    "black": Status.UNKNOWN,
}


class Config(ComponentsConfig):
    """A page, by its key."""

    url: WebAddress = Field(description="The list that the page loads: https://stats.uptimerobot.com/api/getMonitorList/<page key>.")


class UptimeRobot:
    """Reads ``/api/getMonitorList/<page key>``."""

    spec: ClassVar[Spec] = Spec(
        name="uptime_robot",
        summary="Public status pages of UptimeRobot",
        config=Config,
        interval=timedelta(minutes=1),
        kinds=("component_status",),
        documentation="https://uptimerobot.com/status-page/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The list of monitors, whose address with the page key must be configured."""
        assert isinstance(config, Config)
        return (json_request(config.url, config),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The monitors of one page, and where the next is."""
        assert isinstance(config, Config)
        root = document(response.body)
        answer = root["status"] if root.has("status") else root["stat"]
        if answer.text() != "ok":
            raise answer.fail(f"the service answers {answer.text()[:40]!r}; 'ok' was expected")
        about = root["psp"]
        listed = root["data"] if "data" in root.mapping() else about["monitors"]
        monitors = listed.items()
        page = StatusPage(config)
        for monitor in monitors:
            native = monitor["statusClass"].text()
            # names come with character references, ready for a web page
            page.component(monitor["monitorId"].id(), plain_text(monitor["name"].text(), 200), _CLASSES.get(native, Status.UNKNOWN), native)
        number, further = _further(response, about, listed, len(monitors))
        if not monitors and number == 1:
            raise listed.fail("the page lists no monitor; a page that works lists at least one")
        parsed = page.parsed(lists_all=number == 1 and not further)
        return Parsed(parsed.readings, next_request=_page(config, number + 1) if further else None)

    def recognise(self, response: Response) -> float:
        """By the monitors' ids and classes."""
        try:
            root = document(response.body)
            about = root.get("psp")
            if about is None:
                return 0.0
            monitors = root.list_of("data") or about.list_of("monitors")
            return 0.97 if monitors and monitors[0].has("monitorId") and monitors[0].has("statusClass") else 0.0
        except ParseError:
            return 0.0


def _further(response: Response, about: Node, listed: Node, count: int) -> tuple[int, bool]:
    """The number of this page, from 1, and whether there are monitors beyond it."""
    number = int(response.memo or 1)
    total, size = about.get("totalMonitors"), about.get("perPage")
    if total is None or size is None:
        return number, False
    seen = (number - 1) * size.number() + count
    if seen >= total.number():
        return number, False
    if count < size.number():
        raise listed.fail(f"page {number} lists {count} monitors, though {total.number()} are said to be there")
    return number, True


def _page(config: Config, number: int) -> Request:
    # at the configured address, never where the answer says: a credential goes with it
    parts = urlsplit(config.url)
    query = urlencode({**dict(parse_qsl(parts.query)), "page": str(number)})
    return json_request(urlunsplit(parts._replace(query=query)), config, str(number))
