"""What catalog and configuration say of vendors, put together; which places there are; and who sits on whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from secondsource.domain.reach import SIDE_KINDS
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Part, Upstream, Vendor
from secondsource.settings.base import Place
from secondsource.settings.say import Loc, Say
from secondsource.settings.vendors import PartForm, VendorForm


class Statement(NamedTuple):
    """What one document says of a vendor, and where."""

    form: VendorForm
    say: Say
    loc: Loc = ()


class Vendors:
    """All vendors by id. ``unread`` are those of which something is said that could not be read; they are not called unknown."""

    def __init__(self, statements: Mapping[str, Sequence[Statement]], unread: Iterable[str] = (), *, own: bool) -> None:
        """``own``: whether the reader can add to a vendor under `vendors`, which the hints then say."""
        self._statements = statements
        self._unread = frozenset(unread)
        self._own = own
        self.names = frozenset(statements) | self._unread
        self._products = {id_: _ids(part for s in said for part in s.form.products) for id_, said in statements.items()}
        self._regions = {id_: _ids(part for s in said for part in s.form.regions) for id_, said in statements.items()}

    def scope(self, place: Place | str, say: Say, *loc: str | int) -> Scope | None:
        """The scope that ``place`` names; None, with what is wrong said, where there is none such."""
        if isinstance(place, str):
            return self._of_text(place, say, loc)
        if say.unknown("vendor", place.vendor, self.names, *loc, "vendor", hint=self._hint("vendors")):
            return None
        if place.vendor in self._unread:
            return Scope(place.vendor, place.product, place.region)
        wrong = [
            say.unknown(kind, name, names, *loc, kind, of=f"of {place.vendor}", hint=self._hint(f"vendors.{place.vendor}.{kind}s"))
            for kind, name, names in (
                ("product", place.product, self._products[place.vendor]),
                ("region", place.region, self._regions[place.vendor]),
            )
        ]
        return None if any(wrong) else Scope(place.vendor, place.product, place.region)

    def _of_text(self, text: str, say: Say, loc: Loc) -> Scope | None:
        vendor, *parts = text.split("/")
        if say.unknown("vendor", vendor, self.names, *loc, hint=self._hint("vendors")):
            return None
        if vendor in self._unread:
            return Scope(vendor)
        products, regions, of = self._products[vendor], self._regions[vendor], f"of {vendor}"
        if len(parts) == 2:
            product, region = parts
            wrong = say.unknown("product", product, products, *loc, of=of, hint=self._hint(f"vendors.{vendor}.products"))
            wrong |= say.unknown("region", region, regions, *loc, of=of, hint=self._hint(f"vendors.{vendor}.regions"))
            return None if wrong else Scope(vendor, product, region)
        if not parts:
            return Scope(vendor)
        (part,) = parts
        hint = self._hint(f"vendors.{vendor}.products or .regions")
        if say.unknown("product or region", part, products | regions, *loc, of=of, hint=hint):
            return None
        return Scope(vendor, None, part) if part in regions else Scope(vendor, part)

    def _hint(self, where: str) -> str:
        return f"add it under {where}" if self._own else ""

    def made(self) -> tuple[Vendor, ...]:
        """The vendors as values, by id. What is wrong between them is said."""
        edges: dict[str, list[tuple[Upstream, Statement, int]]] = {}
        for id_, said in self._statements.items():
            for statement in said:
                self._check(id_, statement)
                for number, upstream in enumerate(statement.form.depends_on):
                    loc = (*statement.loc, "depends_on", number)
                    scope = self.scope(upstream.scope, statement.say, *loc, "scope")
                    statement.say.unknown("product", upstream.product, self._products[id_], *loc, "product", of=f"of {id_}")
                    statement.say.unknown("region", upstream.region, self._regions[id_], *loc, "region", of=f"of {id_}")
                    if scope is not None and scope.vendor == id_:
                        statement.say("a vendor does not sit on itself", *loc, "scope")
                    elif scope is not None:
                        edge = Upstream(scope, upstream.kind, upstream.product, upstream.basis or "", upstream.confidence, upstream.region)
                        edges.setdefault(id_, []).append((edge, statement, number))
        self._circles(edges)
        self._ancestors()
        return tuple(_vendor(id_, said, [edge for edge, _, _ in edges.get(id_, ())]) for id_, said in sorted(self._statements.items()))

    def _check(self, id_: str, statement: Statement) -> None:
        form, say, loc = statement
        say.unknown("vendor", form.parent, self.names, *loc, "parent", hint=self._hint("vendors"))
        for field, others, noun in (("products", self._regions[id_], "region"), ("regions", frozenset(), "")):
            seen: set[str] = set()
            for number, part in enumerate(getattr(form, field)):
                name = part if isinstance(part, str) else part.id
                if name in seen:
                    say(f"{name!r} stands here twice", *loc, field, number)
                if name in others:
                    said = f"{name!r} is a {noun} of {id_} too; give one of them another id, for places are written with it"
                    say(said, *loc, field, number)
                seen.add(name)

    def _ancestors(self) -> None:
        told: set[frozenset[str]] = set()
        parents = {id_: s.form.parent for id_, said in self._statements.items() for s in said if s.form.parent is not None}
        for id_ in sorted(parents):
            seen = [id_]
            while (above := parents.get(seen[-1])) is not None and above not in seen:
                seen.append(above)
            if above == id_ and frozenset(seen) not in told:
                told.add(frozenset(seen))
                statement = next(s for s in reversed(self._statements[id_]) if s.form.parent is not None)
                statement.say(f"it owns itself: {' -> '.join([*seen, id_])}", *statement.loc, "parent")

    def _circles(self, edges: Mapping[str, Sequence[tuple[Upstream, Statement, int]]]) -> None:
        """Say where a vendor surely sits on itself by way of others. Each circle is told once, at its alphabetically first vendor."""
        told: set[frozenset[str]] = set()
        for start in sorted(edges):
            for circle, edge, statement, number in _circles_from(start, edges):
                if frozenset(circle) not in told:
                    told.add(frozenset(circle))
                    way = " -> ".join([*circle, start])
                    said = f"a circle of dependencies: {way}; name the product or region that sits on {edge.scope.vendor}, or take one out"
                    statement.say(said, *statement.loc, "depends_on", number)


def _circles_from(
    start: str, edges: Mapping[str, Sequence[tuple[Upstream, Statement, int]]]
) -> Iterable[tuple[tuple[str, ...], Upstream, Statement, int]]:
    """Ways from ``start`` back to it that hold whatever product is meant, with the first edge of each."""
    for first, statement, number in edges[start]:
        if first.kind in SIDE_KINDS or not first.surely_for(Scope(start)):
            continue
        seen = {first.scope}
        ways: list[tuple[tuple[str, ...], Scope]] = [((start, first.scope.vendor), first.scope)]
        while ways:
            way, scope = ways.pop()
            for edge, _, _ in edges.get(scope.vendor, ()):
                if edge.kind in SIDE_KINDS or not edge.surely_for(scope):
                    continue
                if edge.scope.vendor == start:
                    yield way, first, statement, number
                elif edge.scope not in seen and edge.scope.vendor not in way:
                    seen.add(edge.scope)
                    ways.append(((*way, edge.scope.vendor), edge.scope))


def _ids(parts: Iterable[PartForm | str]) -> frozenset[str]:
    return frozenset(part if isinstance(part, str) else part.id for part in parts)


def _vendor(id_: str, said: Sequence[Statement], edges: Sequence[Upstream]) -> Vendor:
    """The later statement wins where it says something; lists are joined, and parts of one id too."""
    forms = [statement.form for statement in said]
    return Vendor(
        id=id_,
        name=next((form.name for form in reversed(forms) if form.name), id_),
        kinds=tuple(dict.fromkeys(kind for form in forms for kind in form.kinds)),
        country=next((form.country for form in reversed(forms) if form.country), None),
        parent=next((form.parent for form in reversed(forms) if form.parent), None),
        products=_parts(part for form in forms for part in form.products),
        regions=_parts(part for form in forms for part in form.regions),
        depends_on=tuple(edges),
        aliases=tuple(dict.fromkeys(alias for form in forms for alias in form.aliases)),
    )


def _parts(given: Iterable[PartForm | str]) -> tuple[Part, ...]:
    found: dict[str, Part] = {}
    for form in given:
        part = Part(form) if isinstance(form, str) else Part(form.id, form.name or "", form.aliases)
        before = found.get(part.id)
        if before is not None:
            part = Part(part.id, part.name or before.name, tuple(dict.fromkeys((*before.aliases, *part.aliases))))
        found[part.id] = part
    return tuple(found.values())
