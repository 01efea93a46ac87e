"""The page of figures. The same corpus and rules give the same text."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.quality.corpus import files
from benchmarks.quality.outages import Found, found

_HEAD = """\
# How good detection is

Written by `make quality` from recorded incidents of real vendors; a test holds this page to be fresh. What it can not tell stands at its
end.

## Outages

Every incident that the files declare is shown to `vendor_outage`, with its defaults, as a page would have shown it that is polled every
minute: from the poll after the vendor's first word until the one after its end. *Over the threshold* are those of an impact of degraded
or worse that stood there for as long as the rule holds. *Stays in trouble* is worked out from their times alone: incidents of one vendor
that overlap, or follow each other within ten minutes, are one stay. *Episodes* are what the rule made of them: what people would be
called for. *Disturbed* is the same where a second source tells of each incident, too, five minutes late, and where its words change at
every poll.

| incidents | declared | over the threshold | stays in trouble | episodes | about no incident | missed | disturbed |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
_TAIL = """
So one declared incident gives one episode, or shares one with those that it overlaps; none over the threshold is missed; neither a second
source nor restated incidents call anybody twice.

## What this does not tell

- {unseen} incidents of such an impact were published only when they were over, or stood for less than the rule holds. No poll can open an
  episode for them: for whoever relies on the page they are missed.
- The files hold what vendors declared. Outages that no vendor admitted are in none of them; the rule `under_reporting` and probes of one's
  own are for those.
- They name no region for most vendors, so an episode is one of a whole vendor here. With regions there are more, each of a part.
- Times of the first word are known for GitHub, OpenAI and Anthropic only; elsewhere the start stands in for it. With a poll a minute the
  rule is as late as the vendor plus at most a minute, by construction, and so no figure of it is given.
- {undated} incidents of the 22 vendors carry no beginning, or end before they begin, and are left out.
"""


def page(progress: Callable[[str], object] = lambda name: None) -> str:
    """All of it, as Markdown with a final newline."""
    rows, undated, unseen = [], 0, 0
    for name, (declared, left_out) in files().items():
        progress(name)
        measured = found(declared)
        rows.append(_row(name, measured))
        unseen += measured.unseen
        undated += left_out
    return _HEAD + "".join(rows) + _TAIL.format(undated=undated, unseen=unseen)


def _row(name: str, each: Found) -> str:
    scored = each.scored
    numbers = (
        each.incidents, each.over, each.stays, scored.episodes, scored.episodes - scored.true_episodes, len(scored.missed), each.disturbed,
    )  # fmt: skip
    return f"| {name} | " + " | ".join(f"{number:,}" for number in numbers) + " |\n"
