"""The plug-ins and files of this installation, as the settings want them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import ip_address
from pathlib import Path

from secondsource.adapters import plugins, senders
from secondsource.adapters.http.addresses import AddressPolicy, Refused, verdict
from secondsource.adapters.http.hosts import BadAddress, host_of, parse_url
from secondsource.adapters.shipped import shipped
from secondsource.plans.load import load as load_plans
from secondsource.settings.known import Known

# Names that only an internal resolver knows (RFC 6761, RFC 6762, RFC 8375, and the reserved "internal").
_INTERNAL = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".cluster.local", ".svc")


def known() -> Known:
    """What is installed here. Raises :class:`secondsource.adapters.plugins.PluginError` for a plug-in that is broken."""
    return Known(
        connectors=plugins.connectors(),
        rules=plugins.rules(),
        senders={kind: senders.settings_model(kind) for kind in senders.kinds()},
        catalog=(shipped("catalog"),),
        runbooks=(shipped("runbooks"),),
        plans=plans_in,
        refusal=refusal,
    )


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
