"""What the subject of a finding means to the portfolio.

- ``openai``, ``openai/gpt-5``, ``aws/us-east-1``: our own dealings with a vendor (price, quota, retirement), narrowed to an item,
  product or region. Only who uses the vendor directly is concerned.
- ``vendor/openai``, ``region/aws/us-east-1``: what rests on it, through however many vendors (concentration, insolvency).
- ``chip/h100``, ``model/...``, ``item/...``, ``accelerator/...``: who uses the item, or rests on a vendor that does.

Anything else is about the signal's scopes; where it has none, nobody can say whom it concerns.
"""

from __future__ import annotations

from secondsource.domain.portfolio import Dependency
from secondsource.domain.reach import Index, Reach, item_key
from secondsource.domain.scope import Scope

ITEM_KINDS = frozenset({"accelerator", "chip", "item", "model", "sku"})

Found = list[tuple[Dependency, bool, Reach]]


def on_subject(subject: str, scopes: tuple[Scope, ...], index: Index) -> Found | None:
    """Dependencies that the subject concerns, whether surely, and the way; None where it can not be told."""
    head, _, rest = subject.partition("/")
    if rest and head in ITEM_KINDS:
        return _on_item(rest, scopes, index)
    if rest and head == "vendor":
        return _on_scopes(scopes or (Scope(rest),), index)
    if rest and head == "region":
        vendor, _, region = rest.partition("/")
        return _on_scopes(scopes or (Scope(vendor, None, region or None),), index)
    if index.knows(head):
        return _on_vendor(head, rest, scopes, index)
    return _on_scopes(scopes, index) if scopes else None


def _direct(need: Dependency) -> Reach:
    return Reach(need.scope, (need.scope,), 1.0, True, False)


def _on_scopes(scopes: tuple[Scope, ...], index: Index) -> Found:
    return [
        (need, certain, reach) for root, (certain, reach, _) in index.struck(scopes, supply=True).items() for need in index.by_scope[root]
    ]


def _on_vendor(vendor: str, rest: str, scopes: tuple[Scope, ...], index: Index) -> Found:
    part = index.part(vendor, rest) if rest else None
    targets = scopes or (part or Scope(vendor),)
    item = item_key(rest) if rest and part is None else ""
    found: Found = []
    for need in index.uses(vendor):
        touched = [target for target in targets if need.scope.touches(target)]
        items = set(map(item_key, need.items))
        if not touched or (item and items and item not in items):
            continue
        certain = any(need.scope.within(target) for target in touched) and (not item or item in items)
        found.append((need, certain, _direct(need)))
    return found


def _on_item(item: str, scopes: tuple[Scope, ...], index: Index) -> Found:
    """Users of the item anywhere; where the signal names scopes, users elsewhere only may be concerned."""
    keys = {item_key(item), item_key(item.rpartition("/")[2])}
    users = {need.id: need for key in keys for need in index.by_item.get(key, ())}
    found: Found = [(need, not scopes or any(need.scope.touches(scope) for scope in scopes), _direct(need)) for need in users.values()]
    parts = tuple({part for key in keys for part in index.parts_named(key)})
    found += [strike for strike in _on_scopes(parts, index) if strike[0].id not in users] if parts else []
    return found
