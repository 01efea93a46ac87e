"""What the words of a page mean in the catalog: which products and regions of the vendor, or which companies, an observation is about."""

from __future__ import annotations

import msgspec

from secondsource.domain.naming import naming
from secondsource.domain.observations import AnyBody, ComponentStatus, Gone, Incident, Maintenance, News
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import VendorGraph


def _of_event(title: str, components: tuple[str, ...], vendor: str, graph: VendorGraph) -> tuple[Scope, ...]:
    """The components tell what is hit; where one names no product, or no region, the title may ("Errors in us-east-1")."""
    titled = graph.scopes(vendor, (title,))
    if not components:
        return titled
    found = {
        Scope(vendor, scope.product or told.product, scope.region or told.region)
        for scope in graph.scopes(vendor, components)
        for told in titled
    }
    return tuple(sorted(found, key=str))


def enrich(body: AnyBody, graph: VendorGraph, vendor: str) -> AnyBody:
    """``body`` with its ``scopes``, or of news its ``entities``, filled in from its words. What says nothing more is returned as it is.

    What names nothing that the catalog knows is about the whole vendor. Scopes that are there are kept, and entities added to.
    """
    if isinstance(body, News):
        named = naming(graph).entities(f"{body.title}\n{body.summary}", tuple(label.name for label in body.labels))
        entities = tuple(sorted({*body.entities, *named}))
        return body if entities == body.entities else msgspec.structs.replace(body, entities=entities)
    if not isinstance(body, ComponentStatus | Incident | Maintenance | Gone) or body.scopes:
        return body
    if isinstance(body, ComponentStatus):
        scopes = graph.scopes(vendor, (f"{body.group} / {body.name}" if body.group else body.name,))
    elif isinstance(body, Gone):
        scopes = graph.scopes(vendor, (body.name,))
    else:
        scopes = _of_event(body.title, body.components, vendor, graph)
    return msgspec.structs.replace(body, scopes=scopes)
