"""Which addresses may be connected to. A table of its own: what ``ipaddress`` calls global has changed between Pythons."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Allowed(msgspec.Struct, frozen=True):
    """The address may be connected to."""


class Refused(msgspec.Struct, frozen=True):
    """The address must not be connected to, and why."""

    reason: str


Verdict = Allowed | Refused
ALLOWED = Allowed()

# They hand out credentials to whoever can reach them, so no configuration can allow them. One is a public address.
METADATA = {
    ip_address(address): owner
    for address, owner in (
        ("169.254.169.254", "most clouds"),
        ("169.254.170.2", "AWS ECS"),
        ("169.254.170.23", "AWS EKS"),
        ("169.254.0.23", "Tencent Cloud"),
        ("100.100.100.200", "Alibaba Cloud"),
        ("192.0.0.192", "Oracle Cloud"),
        ("168.63.129.16", "Azure"),
        ("fd00:ec2::254", "AWS"),
        ("fd00:ec2::23", "AWS EKS"),
        ("fd20:ce::254", "Google Cloud"),
    )
}

_TABLE = (
    # IPv4, from the IANA registry of special-purpose addresses; the narrower network first
    ("0.0.0.0/32", "unspecified"),
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "IETF protocol assignment"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
    # IPv6
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("::/96", "IPv4-compatible"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("100::/64", "discard"),
    ("100:0:0:1::/64", "dummy prefix"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001:db8::/32", "documentation"),
    ("2001::/23", "IETF protocol assignment"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_SPECIAL: tuple[tuple[Network, str], ...] = tuple((ip_network(network), name) for network, name in _TABLE)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_EMBEDDING_LOW = (_MAPPED, _NAT64, IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"))
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_ISATAP = (0x00005EFE, 0x02005EFE)  # the upper half of the interface id


class AddressPolicy:
    """The networks that may be reached besides the public internet. Raises ValueError for one that is not a network."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self.allow: tuple[Network, ...] = tuple(ip_network(network.strip()) for network in allow)

    def allows(self, address: Address) -> bool:
        """Whether the configuration names ``address``."""
        return any(address in network for network in self.allow)


PUBLIC_ONLY = AddressPolicy()


def verdict(address: Address | str, policy: AddressPolicy = PUBLIC_ONLY) -> Verdict:
    """Whether ``address`` may be connected to.

    IPv4 inside IPv6 is judged by what it stands for where the system delivers it there (mapped; NAT64, without which an
    IPv6-only network reaches nothing), and refused in the tunnel forms. Raises ValueError for text that is no address.
    """
    if isinstance(address, str):
        address = ip_address(address)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return Refused(f"{address} has a zone id")
    for candidate in (address, *embedded(address)):
        owner = METADATA.get(candidate)
        if owner is not None:
            return Refused(f"{address} is a cloud metadata service ({owner}); it is refused always")
    if policy.allows(address):
        return ALLOWED
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        inner = verdict(embedded(address)[0], policy)
        return Refused(f"{address} stands for {inner.reason}") if isinstance(inner, Refused) else ALLOWED
    kind = _special(address)
    return (
        ALLOWED
        if kind is None
        else Refused(f"{address} is not a public address ({kind}); allow its network for this source if that is meant")
    )


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that ``address`` carries inside, by the form that it has; none for most."""
    if isinstance(address, IPv4Address):
        return ()
    value = int(address)
    low = IPv4Address(value & 0xFFFFFFFF)
    if any(address in network for network in _EMBEDDING_LOW):
        return (low,)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(value >> 80 & 0xFFFFFFFF),)
    if address in _TEREDO:
        return (IPv4Address(value >> 64 & 0xFFFFFFFF), IPv4Address(~value & 0xFFFFFFFF))
    if address in _LOCAL_NAT64:
        return (low,)
    return (low,) if value >> 32 & 0xFFFFFFFF in _ISATAP else ()


@lru_cache(maxsize=4096)
def _special(address: Address) -> str | None:
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    if isinstance(address, IPv6Address):
        if address not in _GLOBAL_UNICAST:
            return "not global unicast"
        if embedded(address):
            return "ISATAP"
    return None
