"""What of a vendor's page a user wants to hear of: components by name, parts by id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

from pydantic import BaseModel, ConfigDict, Field

from secondsource.domain.observations import ComponentStatus, Incident, Maintenance
from secondsource.domain.scope import Scope


class VendorFilter(BaseModel):
    """What of one vendor counts. Absent: all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only_components: tuple[str, ...] = Field(default=(), description="Components that count, by name or group, with * and ?.")
    ignore_components: tuple[str, ...] = Field(default=(), description="Components to leave out, in the same way.")
    products: tuple[str, ...] = Field(default=(), description="Ids of products; what names another does not count.")
    regions: tuple[str, ...] = Field(default=(), description="Ids of regions; what names another does not count.")


class Filter:
    """A vendor's filter, compiled."""

    def __init__(self, form: VendorFilter) -> None:
        self._only, self._ignored = matching(form.only_components), matching(form.ignore_components)
        self._products, self._regions = frozenset(form.products), frozenset(form.regions)

    def kept(self, body: ComponentStatus | Incident | Maintenance, scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
        """The scopes that count; none where the whole does not. What names no component, or no part, may be of any."""
        if isinstance(body, ComponentStatus):
            groups = [[name.lower() for name in (body.name, body.group) if name]]
        else:
            groups = [[name.lower()] for name in body.components]
        counting = [names for names in groups if self._counts(names)]
        if groups and not counting:
            return ()
        return tuple(
            scope
            for scope in scopes
            if (not self._products or scope.product is None or scope.product in self._products)
            and (not self._regions or scope.region is None or scope.region in self._regions)
        )

    def _counts(self, names: list[str]) -> bool:
        if self._ignored is not None and any(map(self._ignored.match, names)):
            return False
        return self._only is None or any(map(self._only.match, names))


def matching(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """What matches any of the patterns, which have * and ?, in small letters; None without any."""
    joined = "|".join(translate(pattern.lower()) for pattern in patterns)
    return re.compile(joined) if joined else None
