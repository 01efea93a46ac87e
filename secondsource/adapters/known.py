"""The plug-ins and files of this installation, as the settings want them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar

from secondsource.adapters import plugins, senders
from secondsource.adapters.http.addresses import AddressPolicy, Refused, verdict
from secondsource.adapters.http.hosts import BadAddress, host_of, parse_url
from secondsource.adapters.shipped import shipped
from secondsource.plans.load import load as load_plans
from secondsource.settings.known import Known

Plugin = TypeVar("Plugin")

# Names that only an internal resolver knows (RFC 6761, RFC 6762, RFC 8375, and the reserved "internal").
_INTERNAL = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".cluster.local", ".svc")


def known() -> Known:
    """What is installed here.

    Raises :class:`secondsource.adapters.plugins.PluginError` for a rule that is broken; for a connector, when it is asked for: one
    that nobody uses costs nothing and hinders nobody.
    """
    return Known(
        connectors=_Lazy(plugins.connector_names(), plugins.connector),
        rules=plugins.rules(),
        senders={kind: senders.settings_model(kind) for kind in senders.kinds()},
        catalog=(shipped("catalog"),),
        runbooks=(shipped("runbooks"),),
        plans=plans_in,
        refusal=refusal,
    )


class _Lazy(Mapping[str, Plugin]):
    """Plug-ins by name, each imported when it is asked for."""

    def __init__(self, names: Collection[str], load: Callable[[str], Plugin]) -> None:
        self._names = tuple(names)
        self._load = load

    def __getitem__(self, name: str) -> Plugin:
        if name not in self._names:
            raise KeyError(name)
        return self._load(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def plans_in(folders: Sequence[Path]) -> Collection[str]:
    """Ids of the contingency plans in ``folders``."""
    return frozenset(load_plans(folders).contingencies)


def refusal(url: str, allow: Sequence[str]) -> str | None:
    """Why the fetcher would not go to ``url`` with the networks ``allow``; None where it would, or where only a look-up could tell."""
    try:
        host = host_of(parse_url(url))
        policy = AddressPolicy(allow)
    except BadAddress as error:
        return str(error)
    except ValueError:
        return None  # networks are checked where they stand
    try:
        judged = verdict(ip_address(host), policy)
    except ValueError:
        internal = host == "localhost" or "." not in host or host.endswith(_INTERNAL)
        if internal and not allow:
            return f"{host} is a name inside your network; say with `allow` which network it may be in, such as allow: [10.0.0.0/8]"
        return None
    return judged.reason if isinstance(judged, Refused) else None
