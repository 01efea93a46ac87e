"""Cases of rules: observations in, signals out, through the engine that runs in production.

    rule: vendor_outage              # the rule's id, or the file of a rule of one's own: ../rules/queue.yaml
    title: a region fails            # what the case shows
    start: 2025-10-20T06:00:00Z      # the instant of +0m; 2025-01-06T00:00:00Z where absent
    params: {clear_hold: 10m}        # as in secondsource.yaml; defaults where absent
    beside: [vendor_outage]          # rules to run beside it, for one that hears findings; what they say is not compared
    vendor: aws                      # where an observation does not say its own; likewise `source` and `exercise`
    vendors: [{id: aws, name: AWS}]  # entries of the catalog, where the rule looks at it
    portfolio: {dependencies: [...]} # functions, workloads, dependencies, contracts, people, where the rule looks at it
    at:                              # polls: what was learned, and when
      +0m:
        - {source: feed, subject: incident/1, incident: {title: Errors, status: major_outage, stage: identified, resolved: false,
           scopes: [{region: us-east-1}]}}
      +40m:
        - {source: feed, subject: incident/1, gone: {was: incident}, times: 2}
    series:                          # many readings that differ in one field
      - {from: +0m, every: 5m, field: used, values: [50+5x8, _, 95], quota: {name: GPUs, limit: 100}}
    expect:
      +0m: [{phase: opened, key: aws/us-east-1, severity: high, title: /major/}]
      +1m .. +49m: nothing
      +50m: [{phase: cleared, key: aws/us-east-1}]
    until: +2h                       # a day after the last instant named where absent

Observations of one instant, source and vendor are one poll. An observation has the name of its kind with its body, as in
``POST /v1/observations``; ``subject`` may be left out where the body tells it (prices, offers, quotas, spend, components);
``times`` delivers its poll so often.

Everything not expected is a failure, before, between and after; ``nothing-else: false`` under ``expect`` allows it. An expectation
compares what it names: ``phase`` and ``key``, which say what is meant, and any of ``severity``, ``subject``, ``title``,
``reason``, ``scopes`` (as ``vendor/product/region``), ``since``, ``exercise``, ``measures`` (name to value), ``facts``. A text
between slashes is a regular expression that must be found.

Each case runs three times: as written, with every poll delivered twice, and with a restart after every step. All three
must give the same ledger, because that is what a rule promises.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from secondsource.adapters import plugins
from secondsource.contracts.rule import Rule
from secondsource.contracts.yaml_positions import Document
from secondsource.domain.context import Context
from secondsource.domain.errors import UserError
from secondsource.domain.observations import KINDS, Batch
from secondsource.domain.problems import Problem
from secondsource.domain.signals import Signal
from secondsource.domain.vendors import Vendor, VendorGraph
from secondsource.engine.errors import RuleError
from secondsource.settings.plugged import plugged
from secondsource.settings.say import Say
from secondsource.settings.user_rules import read_rule
from secondsource.testing.expectations import Expectation, compare, expectations
from secondsource.testing.forms import Form, Input
from secondsource.testing.timeline import RestlessRule, batches, play

_KEYS = frozenset(
    {
        "rule",
        "title",
        "start",
        "params",
        "beside",
        "vendor",
        "source",
        "exercise",
        "vendors",
        "portfolio",
        "at",
        "series",
        "expect",
        "until",
    }
)
_SERIES = frozenset({"from", "every", "field", "values", "source", "vendor", "subject", "exercise", "times"}) | KINDS.keys() - {"tick"}
_START = datetime(2025, 1, 6, tzinfo=UTC)
_AFTER = timedelta(days=1)


class RuleCase(msgspec.Struct, frozen=True):
    """A case that could be read."""

    rule: Rule
    beside: tuple[Rule, ...]
    context: Context
    inputs: tuple[Input, ...]
    expected: tuple[Expectation, ...]
    nothing_else: bool
    start: datetime
    until: datetime


def run(document: Document) -> list[Problem]:
    """Run the case in ``document``: what is wrong with it, or else how the ledger differs from what it expects."""
    form = Form(document)
    case = read_case(form)
    if case is None or form.problems:
        return sorted(form.problems)
    polls = _polls(case, 1)
    try:
        said = _played(case, polls)
        twice = _played(case, _polls(case, 2))
        restarted = _played(case, polls, restarts=True)
    except (RuleError, RestlessRule) as error:
        return [document.problem(f"the rule failed: {error}", "rule")]
    problems = compare(document, case.start, said, case.expected, case.nothing_else)
    problems += _differs(document, said, twice, "every poll is delivered twice")
    problems += _differs(document, said, restarted, "the engine is restarted after every step")
    return sorted(problems)


def _played(case: RuleCase, polls: list[Batch], *, restarts: bool = False) -> list[Signal]:
    """What the rule says; the others that run beside it are only heard by it."""
    said = play([case.rule, *case.beside], case.context, polls, case.until, restarts=restarts)
    return [signal for signal in said if signal.rule == case.rule.meta.id]


def read_case(form: Form) -> RuleCase | None:
    """The case; None, or an incomplete one with complaints in ``form``, where it can not be read."""
    top = form.mapping(form.document.value, _KEYS)
    rule, beside = _rule(form, top), _beside(form, top)
    start = form.instant(top["start"], "start") if "start" in top else _START
    if start is None:
        return None
    inputs = [*_polled(form, top, start), *_series(form, top, start)]
    expected, nothing_else = expectations(form, top.get("expect", {}), start, "expect")
    context = _context(form, top)
    last = max((*(item.observation.observed_at for item in inputs), *(item.until for item in expected)), default=start)
    until: datetime = last + _AFTER
    if "until" in top and (offset := form.offset(top["until"], "until")) is not None:
        until = start + offset
        if until < last:
            form.complain("the case ends before its last observation or expectation", "until")
    if not inputs and not form.problems:
        form.complain("there is nothing under `at` or `series`, so nothing can happen")
    if rule is None:
        return None
    ordered = sorted(inputs, key=lambda item: item.observation.observed_at)
    return RuleCase(rule, beside, context, tuple(ordered), expected, nothing_else, start, until)


def _rule(form: Form, top: dict[str, Any]) -> Rule | None:
    name = str(top.get("rule"))
    if name.endswith((".yaml", ".yml")):
        own, problems = read_rule(Path(form.document.file).parent / name)
        form.problems += problems
        return own(None) if own is not None else None
    try:
        found = plugins.rule(name)
    except UserError as error:
        form.complain(str(error), "rule")
        return None
    given = top.get("params", {})
    if not isinstance(given, dict):
        form.complain("a mapping of parameters belongs here", "params")
        return None
    say = Say(form.document)
    params = plugged(found.Params, given, say, "params", folder=Path(form.document.file).parent)
    form.problems += say.problems
    return None if params is None else found(params)


def _beside(form: Form, top: dict[str, Any]) -> tuple[Rule, ...]:
    found = []
    for index, name in enumerate(form.listed(top.get("beside", []), "beside")):
        try:
            kind = plugins.rule(str(name))
        except UserError as error:
            form.complain(str(error), "beside", index)
            continue
        found.append(kind(kind.Params()))
    return tuple(found)


def _context(form: Form, top: dict[str, Any]) -> Context:
    portfolio = form.portfolio(top["portfolio"], "portfolio") if "portfolio" in top else None
    vendors = []
    for index, entry in enumerate(form.listed(top.get("vendors", []), "vendors")):
        vendor = form.convert(entry, Vendor, "vendors", index)
        if vendor is not None:
            vendors.append(vendor)
    return Context(portfolio, VendorGraph(vendors))


def _polled(form: Form, top: dict[str, Any], start: datetime) -> list[Input]:
    found = []
    at = top.get("at", {})
    if not isinstance(at, dict):
        form.complain("a mapping from times such as +5m to lists of observations belongs here", "at")
        return []
    for when, entries in at.items():
        offset = form.offset(when, "at", str(when))
        for index, entry in enumerate(form.listed(entries, "at", str(when))):
            item = form.inputs(entry, start + (offset or timedelta(0)), top, "at", str(when), index)
            if item is not None:
                found.append(item)
    return found


def _series(form: Form, top: dict[str, Any], start: datetime) -> list[Input]:
    found = []
    for index, given in enumerate(form.listed(top.get("series", []), "series")):
        entry = form.mapping(given, _SERIES, "series", index)
        kind = next((kind for kind in entry if kind in KINDS), None)
        first = form.offset(entry.get("from", 0), "series", index, "from")
        every = form.offset(entry.get("every"), "series", index, "every")
        field = entry.get("field")
        if kind is None or first is None or not every or not isinstance(field, str) or not isinstance(entry.get(kind), dict):
            form.complain("a series has `every`, `field`, `values` and an observation without that field", "series", index)
            continue
        rest = {name: value for name, value in entry.items() if name not in ("from", "every", "field", "values")}
        for number, value in enumerate(form.values(entry.get("values"), "series", index, "values")):
            if value == "_":
                continue
            varied = {**rest, kind: {**entry[kind], field: value}}
            before = len(form.problems)
            item = form.inputs(varied, start + first + number * every, top, "series", index)
            if item is not None:
                found.append(item)
            elif len(form.problems) > before:
                break  # the others are wrong in the same way
    return found


def _polls(case: RuleCase, times: int) -> list[Batch]:
    wanted = {id(item.observation): item.times for item in case.inputs}
    polls = batches(item.observation for item in case.inputs)
    return list(chain.from_iterable([poll] * times * max(wanted[id(o)] for o in poll.observations) for poll in polls))


def _differs(document: Document, said: list[Signal], again: list[Signal], when: str) -> list[Problem]:
    if again == said:
        return []
    first = next((number for number, (one, other) in enumerate(zip(said, again, strict=False)) if one != other), min(len(said), len(again)))
    words = [
        f"{line[first].phase.value} {line[first].key} at {line[first].at:%H:%M:%S}" if first < len(line) else "nothing"
        for line in (said, again)
    ]
    return [document.problem(f"the ledger is another when {when}: {words[1]} instead of {words[0]}, signal {first + 1}", "rule")]
