"""What the subject of a finding means to the portfolio.

- ``openai/gpt-5``, ``aws/us-east-1``: our own dealings with a vendor (price, quota, retirement), narrowed to an item, product or
  region. Only who uses the vendor directly is concerned.
- ``aws``, ``vendor/aws``, ``region/aws/us-east-1``: whatever rests on it, through however many vendors (concentration, blindness).
- ``plan/model-api-failover``: one's own contingency plan; who names it in a fallback is concerned.
- ``chip/h100``, ``model/...``, ``item/...``, ``accelerator/...``: who uses the item, or rests on a vendor that does.

Anything else is about the signal's scopes; where it has none, nobody can say whom it concerns.
"""

from __future__ import annotations

from secondsource.domain.items import spellings
from secondsource.domain.portfolio import Dependency
from secondsource.domain.reach import Index, Reach
from secondsource.domain.scope import Scope
from secondsource.domain.signals import Signal

PLAN = "plan"
ITEM_KINDS = frozenset({"accelerator", "chip", "item", "model", "sku"})

# A quota has a name of its own ("requests per minute"), which is no item: it binds everyone who uses the vendor's account.
QUOTA_RULES = frozenset({"quota_runway"})

Found = list[tuple[Dependency, bool, Reach]]


def vendor_of(subject: str, scopes: tuple[Scope, ...] = ()) -> str | None:
    """The vendor that a finding is about; None where it is about an item, whoever sells it."""
    if scopes:
        return scopes[0].vendor
    head, _, rest = subject.partition("/")
    if rest and head in ("vendor", "region"):
        return rest.partition("/")[0]
    return None if rest and (head in ITEM_KINDS or head == PLAN) else head


def on_subject(signal: Signal, index: Index) -> Found | None:
    """Dependencies that the signal concerns, whether surely, and the way; None where it can not be told."""
    head, _, rest = signal.subject.partition("/")
    scopes = signal.scopes
    if rest and head in ITEM_KINDS:
        return _on_item(rest, scopes, index)
    if rest and head == PLAN:
        return [(need, True, _direct(need)) for need in index.dependencies.values() if any(f.plan == rest for f in need.fallbacks)]
    if rest and head == "vendor":
        return _on_scopes(scopes or (Scope(rest),), index)
    if rest and head == "region":
        vendor, _, region = rest.partition("/")
        return _on_scopes(scopes or (Scope(vendor, None, region or None),), index)
    if rest and index.knows(head):
        return _on_part(head, rest, scopes, index, named=signal.rule not in QUOTA_RULES)
    if not scopes and not index.knows(head):
        return None
    return _on_scopes(scopes or (Scope(head),), index)


def users_of(vendor: str, name: str, index: Index) -> tuple[Dependency, ...]:
    """The dependencies that are known to use the vendor's item, product or region ``name``, by id: those that name the item, wherever
    they get it from, and those whose scope is the part."""
    found = {need.id: need for key in spellings(name) for need in index.by_item.get(key, ())}
    part = index.part(vendor, name)
    if part is not None:
        found |= {need.id: need for need in index.uses(vendor) if need.scope.within(part)}
    return tuple(found[id_] for id_ in sorted(found))


def _direct(need: Dependency) -> Reach:
    return Reach(need.scope, (need.scope,), 1.0, True, False)


def _on_scopes(scopes: tuple[Scope, ...], index: Index) -> Found:
    return [
        (need, certain, reach) for root, (certain, reach, _) in index.struck(scopes, supply=True).items() for need in index.by_scope[root]
    ]


def _on_part(vendor: str, name: str, scopes: tuple[Scope, ...], index: Index, *, named: bool) -> Found:
    """Direct users of a vendor's item, product or region. Who says which items are used is concerned by no other;
    who does not may be. ``named`` False: ``name`` can not be an item."""
    part = index.part(vendor, name)
    targets = scopes or (part or Scope(vendor),)
    items = set(spellings(name)) if named and part is None else set()
    found: Found = []
    for need in index.uses(vendor):
        touched = [target for target in targets if need.scope.touches(target)]
        used = {key for item in need.items for key in spellings(item)}
        if not touched or (items and used and not items & used):
            continue
        certain = any(need.scope.within(target) for target in touched) and (not items or bool(used))
        found.append((need, certain, _direct(need)))
    return found


def _on_item(item: str, scopes: tuple[Scope, ...], index: Index) -> Found:
    """Users of the item anywhere. Where the signal names scopes, users elsewhere only may be concerned; so are those of a
    variant (``h100`` and ``h100-sxm``)."""
    wanted = spellings(item)
    found: dict[str, tuple[Dependency, bool, Reach]] = {}
    for key, needs in index.by_item.items():
        same = key in wanted
        if not same and not any(key.startswith(f"{one}-") or one.startswith(f"{key}-") for one in wanted):
            continue
        for need in needs:
            sure = same and (not scopes or any(need.scope.touches(scope) for scope in scopes))
            if need.id not in found or sure:
                found[need.id] = (need, sure, _direct(need))
    parts = frozenset(part for key in wanted for part in index.parts_named(key))
    for strike in _on_scopes(tuple(parts), index):
        found.setdefault(strike[0].id, strike)
    return list(found.values())
