"""The page in a real browser: what script adds, what works without it, and that nothing runs that is not ours.

It takes Debian's chromium, which the package playwright drives; where there is none the tests say so, and with
``SECONDSOURCE_BROWSER_REQUIRED=1``, as in continuous integration, they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from secondsource.domain.register import risk_id
from tests.api.test_page import HOSTILE, PAGES, spoken
from tests.support.company import at, outage
from tests.support.site import Served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
REQUIRED = os.environ.get("SECONDSOURCE_BROWSER_REQUIRED") == "1"
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="there is no browser here (Debian, Ubuntu: apt-get install chromium)"),
    pytest.mark.xdist_group("browser"),
]

RISK = risk_id("vendor_outage", "halcyon")
Open = Callable[..., Any]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path / "store.db")
    yield found
    found.close()


@pytest.fixture
def signed_in(served: Served) -> Iterator[Open]:
    """Opens a browser's page with these settings, signed in as Ana; whatever the browser complains of fails the test."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with ExitStack() as stack:
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.callback(browser.close)

        def opened(expecting: str = "nothing", **settings: Any) -> Any:
            page = browser.new_context(**{"timezone_id": "UTC", "locale": "en-GB", **settings}).new_page()
            heard = lambda said: said.type in ("error", "warning") and expecting not in said.text  # noqa: E731
            page.on("console", lambda said: complaints.append(said.text) if heard(said) else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
            page.goto(f"{served.url}/sign-in")
            page.fill("#key", served.site.ana)
            page.click("button.primary")
            page.wait_for_url(f"{served.url}/")
            return page

        yield opened
    assert complaints == []


def test_on_a_telephone_at_night_a_risk_is_read_and_taken(served: Served, signed_in: Open) -> None:
    served.site.hear(outage())
    served.site.clock.move(at(23))
    page = signed_in(viewport={"width": 360, "height": 740}, has_touch=True)
    assert page.inner_text("h1") == "1 outage now, which does not hurt yet; 2 sources can not be read, so what they tell of is unknown."
    page.tap(f'a[href="/risks/{RISK}"]')
    page.wait_for_url(f"{served.url}/risks/{RISK}")
    assert "Support assistant (and 1 more) is hurt in 7 min" in page.inner_text("h1")
    assert page.is_visible("text=hollow fallback")
    page.tap("form#acknowledge button")
    page.wait_for_selector(".kicker .state.is-acknowledged")
    assert served.site.changes == 1


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_its_screen(served: Served, signed_in: Open, width: int) -> None:
    served.site.hear(outage(title=f"Halcyon AI: {'verylongwordwithoutend' * 4}"), outage(exercise="drill-1"))
    page = signed_in(viewport={"width": width, "height": 800})
    for path in (*PAGES, f"/risks/{risk_id('vendor_outage', 'halcyon', 'drill-1')}"):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_without_script_everything_can_be_read_and_done(served: Served, signed_in: Open) -> None:
    served.site.hear(outage())
    page = signed_in(java_script_enabled=False)
    assert page.inner_text("article time").strip() == "06:48 UTC"
    page.click("article button")
    page.wait_for_url(f"{served.url}/risks/{RISK}")
    page.click("summary:has-text('Close')")
    page.fill("#close-reason", "it was nothing")
    page.click("form#close button")
    page.wait_for_selector(".kicker .state.is-closed")


def test_by_keyboard_alone(served: Served, signed_in: Open) -> None:
    served.site.hear(outage(), outage(subject="aws", title="AWS: down"))
    page = signed_in()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("[data-item]").first
    assert "is-here" in first.get_attribute("class")
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.textContent") == "Acknowledge"
    page.keyboard.press("Enter")
    page.wait_for_selector(".kicker .state.is-acknowledged")
    page.keyboard.press("/")
    page.wait_for_url(f"{served.url}/risks#search")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("aws j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/risks?text=aws+j*")


def test_times_are_the_readers_with_utc_beside(served: Served, signed_in: Open) -> None:
    served.site.hear(outage())
    page = signed_in(timezone_id="America/New_York")
    time = page.locator("article time").first
    assert (time.inner_text(), time.get_attribute("title")) == ("02:48", "2025-10-20 06:48:00 UTC")
    assert "America/New_York" in page.inner_text("footer")


def test_a_page_keeps_itself_up_to_date(served: Served, signed_in: Open) -> None:
    served.site.hear(outage())
    page = signed_in()
    page.clock.install()
    page.goto(f"{served.url}/")
    page.keyboard.press("j")
    served.site.hear(outage(subject="aws", title="AWS: down", now=at(1)))
    page.clock.run_for(5_000)
    page.wait_for_selector("text=AWS: down")
    assert "Halcyon AI" in page.inner_text(".is-here")
    page.goto(f"{served.url}/risks/{RISK}")
    page.fill("#acknowledge-reason", "half a sentence")
    served.site.hear(outage(subject="halcyon", title="Halcyon AI: worse", now=at(2), severity=outage().severity))
    page.clock.run_for(10_000)
    assert page.input_value("#acknowledge-reason") == "half a sentence"


def test_a_server_that_is_gone_is_told(served: Served, signed_in: Open) -> None:
    page = signed_in(expecting="Failed to load resource")
    page.clock.install()
    page.goto(f"{served.url}/")
    page.route("**/*", lambda route: route.abort())
    page.clock.run_for(5_000)
    page.wait_for_selector("[data-fresh]:has-text('The server does not answer; this page is as it was at 06:48.')")


def test_nothing_of_others_runs(served: Served, signed_in: Open) -> None:
    for number, text in enumerate(HOSTILE):
        served.site.hear(spoken(text, "vendor_outage" if number == 0 else f"rule-{number}"))
    page = signed_in()
    for path in PAGES:
        page.goto(served.url + path)
        assert page.locator("main script, main img, main h1 + h1").count() == 0
    assert page.locator("text=<script>alert(1)</script>").count() > 0


def test_the_page_is_dark_where_the_reader_wants_it_and_never_on_paper(served: Served, signed_in: Open) -> None:
    served.site.hear(outage())
    colour = "getComputedStyle(document.body).backgroundColor"
    page = signed_in(color_scheme="dark")
    dark = page.evaluate(colour)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(colour)
    page.emulate_media(media="print", color_scheme="dark")
    assert (dark, light, page.evaluate(colour)) == ("rgb(23, 22, 20)", "rgb(252, 251, 248)", "rgb(255, 255, 255)")
    assert not page.is_visible("nav")
