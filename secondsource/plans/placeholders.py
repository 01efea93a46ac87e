"""``${name}`` in texts: a closed list of names, one pass, no expressions. What is filled in is never read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from secondsource.plans.facts import RiskFacts
from secondsource.plans.schema import Contingency, Runbook

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_OPEN = re.compile(r"\$\{[^}]*$")

_VALUES: Mapping[str, Callable[[RiskFacts], str]] = {
    "risk.id": lambda risk: risk.id,
    "risk.title": lambda risk: risk.title,
    "risk.severity": lambda risk: risk.severity.value,
    "rule": lambda risk: risk.rule,
    "vendor": lambda risk: risk.vendor_name or risk.vendor or risk.subject,
    "subject": lambda risk: risk.subject,
    "functions": lambda risk: ", ".join(risk.function_names or risk.functions) or "no business function",
    "scopes": lambda risk: ", ".join(map(str, risk.scopes)) or risk.subject or risk.vendor,
    "plan": lambda risk: risk.plans[0] if risk.plans else "no plan",
    "alternate": lambda risk: risk.alternates[0] if risk.alternates else "no alternate",
}

RISK_NAMES = frozenset(_VALUES)
"""What texts of runbooks and plans may say."""

DRILL_NAMES = frozenset({"vendor", "product", "region"})
"""What injects of drills may say."""


def unknown(text: str, names: frozenset[str] = RISK_NAMES) -> list[str]:
    """The placeholders of ``text`` that are not in ``names``, as written; one that is never closed is one of them."""
    found = [f"${{{name}}}" for name in _PLACEHOLDER.findall(text) if name not in names]
    left = _OPEN.search(text)
    return [*found, left.group(0)] if left else found


def fill(text: str, risk: RiskFacts) -> str:
    """``text`` with what is known of the risk; an unknown placeholder stays as it is written."""
    return substitute(text, {name: value(risk) for name, value in _VALUES.items()})


def facts_for(runbook: Runbook, risk: RiskFacts) -> RiskFacts:
    """``risk`` as texts of ``runbook`` see it: the alternates that a plan lists itself go before those of the portfolio."""
    if isinstance(runbook, Contingency) and runbook.alternates:
        return replace(risk, alternates=tuple(str(each.scope.scope) for each in runbook.alternates))
    return risk


def substitute(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``values`` in place of their names, in one pass."""
    return _PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group(0)), text)
