"""The day's pages, in each provider's own format, as they stood at a given time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.demo import story
from services.demo.story import Page

_INDICATORS = {"none": "All systems are fine", "minor": "Some trouble", "major": "Major trouble", "critical": "Critical trouble"}


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def statuspage(page: Page, now: datetime) -> dict[str, Any]:
    """The Statuspage v2 summary of ``page``."""
    index = story.current(page.stages, now)
    stage = page.stages[index] if index >= 0 else None
    over = stage is None or stage.stage == "resolved"
    troubled = {} if stage is None else stage.components
    changed = _iso(stage.since) if stage else _iso(story.START)
    components = [
        {
            "id": id_, "name": name, "status": troubled.get(id_, "operational"),
            "updated_at": changed if id_ in troubled else _iso(story.START), "position": position, "group": False, "group_id": None,
        }
        for position, (id_, name) in enumerate(page.components.items(), 1)
    ]  # fmt: skip
    updates = [
        {
            "id": f"{page.incident}-{n}",
            "status": past.stage,
            "body": past.text,
            "created_at": _iso(past.since),
            "updated_at": _iso(past.since),
        }
        for n, past in enumerate(page.stages[: index + 1], 1)
    ]
    incident = {
        "id": page.incident, "name": page.title, "status": stage.stage if stage else "", "impact": page.impact,
        "created_at": _iso(page.stages[0].since) if page.stages else None, "updated_at": changed, "resolved_at": None,
        "incident_updates": updates[::-1], "components": [c for c in components if c["status"] != "operational"],
    }  # fmt: skip
    indicator = "none" if over else page.impact
    return {
        "page": {
            "id": page.vendor, "name": page.name, "url": f"https://status.{page.vendor}.example", "time_zone": "Etc/UTC",
            "updated_at": changed,
        },
        "components": components,
        "incidents": [] if over else [incident],
        "scheduled_maintenances": [],
        "status": {"indicator": indicator, "description": _INDICATORS[indicator]},
    }  # fmt: skip


def aws_feed(now: datetime) -> str:
    """AWS's feed: one item for each update, newest first, times in the Pacific zone as AWS writes them."""
    items = []
    for item in reversed(story.AWS[: story.current(story.AWS, now) + 1]):
        pacific = item.published.timestamp() - 7 * 3600  # daylight saving time, all day
        local = datetime.fromtimestamp(pacific, UTC).strftime("%a, %d %b %Y %H:%M:%S PDT")
        guid = f"https://status.aws.amazon.com/#{item.service}_{int(item.published.timestamp())}"
        items.append(
            f"<item><title><![CDATA[{item.title}]]></title><link>https://status.aws.amazon.com/</link><pubDate>{local}</pubDate>"
            f'<guid isPermaLink="false">{guid}</guid><description><![CDATA[{item.text}]]></description></item>'
        )
    head = "<title><![CDATA[Amazon Web Services Service Status]]></title><link>https://status.aws.amazon.com/</link>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'


def model_prices(now: datetime) -> dict[str, Any]:
    """LiteLLM's price list, as far as our vendors are in it."""
    listed: dict[str, Any] = {"sample_spec": {"litellm_provider": "one of the providers", "mode": "chat", "max_tokens": "a number"}}
    for vendor, models in story.MODEL_PRICES.items():
        for model, steps in models.items():
            step = steps[story.current(steps, now)]
            listed[f"{vendor}/{model}"] = {
                "litellm_provider": vendor,
                "mode": "chat",
                "max_tokens": 128000,
                "input_cost_per_token": float(step.input),
                "output_cost_per_token": float(step.output),
            }
    return listed


def news(now: datetime) -> str:
    """The trade press's RSS feed."""
    items = "".join(
        f"<item><title>{escape(item.title)}</title><link>https://chips.example/{n}</link><guid>https://chips.example/{n}</guid>"
        f"<pubDate>{format_datetime(item.published)}</pubDate><description>{escape(item.summary)}</description></item>"
        for n, item in enumerate(story.NEWS[: story.current(story.NEWS, now) + 1], 1)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Chip Supply Daily</title>{items}</channel></rss>'


def prometheus(query: str, now: datetime) -> dict[str, Any]:
    """What the company's Prometheus answers to an instant query: it looks for the metrics named in ``query``.

    The connector asks for use and limit of one quota at once, each part under a label that it names, as a server would give it back.
    """
    name = re.findall(r'"secondsource_query", "([^"]+)"', query)
    told: dict[str, str] = {"secondsource_query": name[-1] if name else ""}
    values = {
        "gpu_reserved": story.between(story.QUOTA_GPU, now),
        "gpu_limit": story.QUOTA_GPU[2],
        "token_rate": story.between(story.QUOTA_TOKENS, now),
        "token_limit": story.QUOTA_TOKENS[2],
    }
    series: list[tuple[dict[str, str], str, str]]
    if "cost_monthly" in query:
        series = [({"vendor": vendor} | ({"region": region} if region else {}), "used", amount) for vendor, region, amount in story.SPEND]
    else:
        asked = [metric for metric in values if metric in query]
        series = [({}, "limit" if metric.endswith("limit") else "used", f"{values[metric]:g}") for metric in asked]
    stamp = now.timestamp()
    results: list[dict[str, Any]] = [
        {"metric": {**labels, **told, "secondsource_part": part}, "value": [stamp, value]} for labels, part, value in series
    ]
    return {"status": "success", "data": {"resultType": "vector", "result": results}}


def app(now: Callable[[], datetime]) -> Starlette:
    """All pages on one server: ``/<vendor>/api/v2/summary.json``, ``/aws/all.rss``, ``/prices.json``, ``/news.xml``, Prometheus' API."""

    def as_json(value: Any) -> Response:
        return Response(json.dumps(value), media_type="application/json")

    async def summary(request: Request) -> Response:
        page = story.PAGES.get(request.path_params["vendor"])
        return as_json(statuspage(page, now())) if page else Response("no such page", 404)

    async def feed(request: Request) -> Response:
        return Response(aws_feed(now()), media_type="application/rss+xml")

    async def prices(request: Request) -> Response:
        return as_json(model_prices(now()))

    async def press(request: Request) -> Response:
        return Response(news(now()), media_type="application/rss+xml")

    async def query(request: Request) -> Response:
        return as_json(prometheus(request.query_params.get("query", ""), now()))

    return Starlette(
        routes=[
            Route("/aws/all.rss", feed),
            Route("/prices.json", prices),
            Route("/news.xml", press),
            Route("/api/v1/query", query),
            Route("/{vendor}/api/v2/summary.json", summary),
        ]
    )
