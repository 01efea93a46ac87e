"""Finds connectors and rules: the modules of the packages ``connectors`` and ``rules``, and what others have installed.

Each module holds exactly one class of its kind, whose name (a connector's ``spec.name``, a rule's ``meta.id``) is the module's.
Other distributions name theirs in the entry-point groups ``secondsource.connectors`` and ``secondsource.rules``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, cast

import msgspec

from secondsource.contracts.connector import Connector, Spec
from secondsource.contracts.rule import Meta, Rule
from secondsource.domain.errors import UserError


class PluginError(UserError):
    """A connector or rule is not there, is broken, or is there twice."""


class _Kind(msgspec.Struct, frozen=True):
    """What is looked for: a package, the attribute that describes a plug-in, and the other attributes that it must have."""

    noun: str
    package: str
    described_by: str
    description: type[msgspec.Struct]
    named: str
    needs: tuple[str, ...]

    @property
    def group(self) -> str:
        return f"secondsource.{self.package}"

    def fits(self, found: object) -> bool:
        described = isinstance(getattr(found, self.described_by, None), self.description)
        return inspect.isclass(found) and described and all(hasattr(found, need) for need in self.needs)

    def name_of(self, found: object) -> str:
        return str(getattr(getattr(found, self.described_by), self.named))


_CONNECTOR = _Kind("connector", "connectors", "spec", Spec, "name", ("requests", "parse"))
_RULE = _Kind("rule", "rules", "meta", Meta, "id", ("Params", "State", "keys", "on_observation", "on_wake"))


@cache
def _modules(kind: _Kind) -> Mapping[str, str]:
    package = importlib.import_module(kind.package)
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: f"{kind.package}.{name}" for name in sorted(names) if not name.startswith("_")}


@cache
def _installed(kind: _Kind) -> Mapping[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=kind.group):
        if point.name in found or point.name in _modules(kind):
            other = found[point.name].value if point.name in found else _modules(kind)[point.name]
            raise PluginError(f"there are two {kind.noun}s named {point.name!r}: {other} and {point.value}; uninstall one")
        found[point.name] = point
    return found


def _imported(kind: _Kind, name: str, place: str) -> Any:
    try:
        return _installed(kind)[name].load() if name in _installed(kind) else importlib.import_module(place)
    except Exception as error:  # a plug-in may fail in any way while it is imported; it is named, and nothing is hidden
        raise PluginError(f"the {kind.noun} {name!r} ({place}) can not be loaded: {type(error).__name__}: {error}") from error


@cache
def _plugin(kind: _Kind, name: str) -> type[Any]:
    known = {**_modules(kind), **{point.name: point.value for point in _installed(kind).values()}}
    if name not in known:
        raise PluginError(f"there is no {kind.noun} {name!r}; known are {', '.join(sorted(known)) or 'none at all'}")
    place = known[name]
    loaded = _imported(kind, name, place)
    if inspect.ismodule(loaded):
        found = [value for value in vars(loaded).values() if kind.fits(value) and value.__module__ == loaded.__name__]
    else:
        found = [loaded] if kind.fits(loaded) else []
    if len(found) != 1:
        needs = ", ".join((kind.described_by, *kind.needs))
        reason = f"{len(found)} {kind.noun} classes, exactly one is needed (a class with {needs})"
        raise PluginError(f"the {kind.noun} {name!r} ({place}) has {reason}")
    if kind.name_of(found[0]) != name:
        told = f"{kind.described_by}.{kind.named}"
        raise PluginError(f"the {kind.noun} {name!r} ({place}) calls itself {kind.name_of(found[0])!r} in {told}; the two must be equal")
    return cast(type[Any], found[0])


def connector_names() -> tuple[str, ...]:
    """The names of all connectors, sorted. Imports none of them."""
    return tuple(sorted({*_modules(_CONNECTOR), *_installed(_CONNECTOR)}))


@cache
def connector(name: str) -> Connector:
    """The connector of this name; imports no other. Raises :class:`PluginError` where it is unknown or broken."""
    made = _plugin(_CONNECTOR, name)
    try:
        return cast(Connector, made())
    except TypeError as error:
        raise PluginError(f"the connector {name!r} can not be made without arguments: {error}") from error


def connectors() -> Mapping[str, Connector]:
    """All connectors by name. Raises :class:`PluginError` for one that is broken."""
    return MappingProxyType({name: connector(name) for name in connector_names()})


def rule_names() -> tuple[str, ...]:
    """The ids of all rules, sorted. Imports none of them."""
    return tuple(sorted({*_modules(_RULE), *_installed(_RULE)}))


def rule(name: str) -> type[Rule]:
    """The rule of this id; imports no other. Raises :class:`PluginError` where it is unknown or broken."""
    return _plugin(_RULE, name)


def rules() -> Mapping[str, type[Rule]]:
    """All rules by id. Raises :class:`PluginError` for one that is broken."""
    return MappingProxyType({name: rule(name) for name in rule_names()})
