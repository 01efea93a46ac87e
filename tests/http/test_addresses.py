"""Which addresses may be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.http.addresses import ALLOWED, METADATA, AddressPolicy, Allowed, Refused, embedded, verdict

REFUSED = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "this network"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.0", "carrier-grade NAT"),
    ("100.127.255.255", "carrier-grade NAT"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("169.254.0.1", "link-local"),
    ("169.254.169.253", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.8", "IETF protocol assignment"),
    ("192.0.2.1", "documentation"),
    ("192.88.99.1", "6to4 relay"),
    ("192.168.0.1", "private"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("198.51.100.7", "documentation"),
    ("203.0.113.9", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.254", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::7f00:1", "IPv4-compatible"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.1.2.3", "private"),
    ("::ffff:a9fe:1", "link-local"),
    ("::ffff:0:8.8.8.8", "IPv4-translated"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b::127.0.0.1", "loopback"),
    ("64:ff9b:1::8.8.8.8", "local NAT64"),
    ("64:ff9b:2::1", "not global unicast"),
    ("100::1", "discard"),
    ("100:0:0:1::1", "dummy prefix"),
    ("2001::1", "Teredo"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
    ("2001:2::1", "benchmarking"),
    ("2001:10::1", "IETF protocol assignment"),
    ("2001:20::1", "IETF protocol assignment"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::", "6to4"),
    ("2002:808:808::1", "6to4"),
    ("2606:4700::5efe:10.0.0.1", "ISATAP"),
    ("2606:4700::200:5efe:8.8.8.8", "ISATAP"),
    ("3fff::1", "documentation"),
    ("4000::1", "not global unicast"),
    ("5f00::1", "segment routing"),
    ("fc00::1", "unique local"),
    ("fd12:3456:789a::1", "unique local"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("ff0e::1", "multicast"),
    ("fe80::1%eth0", "zone id"),
    ("2606:4700::1%1", "zone id"),
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]

# every way to write a metadata service that some system delivers to it
METADATA_FORMS = [
    *map(str, METADATA),
    "::ffff:169.254.169.254",
    "::ffff:100.100.100.200",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "2606:4700::5efe:169.254.169.254",
]


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_an_address_that_is_not_public_is_refused_and_named(address: str, kind: str) -> None:
    judged = verdict(address)
    assert isinstance(judged, Refused)
    assert kind in judged.reason


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert verdict(address) == ALLOWED


@pytest.mark.parametrize("address", METADATA_FORMS)
def test_metadata_is_refused_whatever_the_configuration_says(address: str) -> None:
    judged = verdict(address, AddressPolicy(["0.0.0.0/0", "::/0"]))
    assert isinstance(judged, Refused)
    assert "metadata" in judged.reason


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "fd00:1::5", "2002:7f00:1::", "8.8.8.8"])
def test_configured_networks_are_let_through(address: str) -> None:
    assert verdict(address, AddressPolicy(["127.0.0.0/8", "fd00:1::/32", "2002::/16"])) == ALLOWED


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "fd00:2::5", "::ffff:10.0.0.1", "2001::1"])
def test_one_allowed_network_opens_no_other(address: str) -> None:
    assert isinstance(verdict(address, AddressPolicy(["127.0.0.0/8", "fd00:1::/32"])), Refused)


@pytest.mark.parametrize("network", ["127.0.0.1/8", "localhost", "", "10.0.0.0/33"])
def test_what_is_no_network_is_an_error(network: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits|IPv4"):
        AddressPolicy([network])


def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        verdict("example.test")


@given(st.ip_addresses(v=4))
def test_mapped_and_translated_addresses_are_judged_as_what_they_stand_for(address: IPv4Address) -> None:
    plain = isinstance(verdict(address), Allowed)
    for prefix in ("::ffff:", "64:ff9b::"):
        assert isinstance(verdict(f"{prefix}{address}"), Allowed) == plain
    for tunnel in (f"::{address}", f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::1"):
        assert isinstance(verdict(tunnel), Refused)
        assert address in embedded(IPv6Address(tunnel)) or tunnel in ("::0.0.0.0", "::0.0.0.1")


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_that_python_calls_private_is_let_through(address: IPv4Address | IPv6Address) -> None:
    if isinstance(verdict(address), Allowed) and not embedded(address):
        assert not (address.is_private or address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local)
