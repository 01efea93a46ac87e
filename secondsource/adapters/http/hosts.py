"""Addresses as people and hostile servers write them, brought into one form or refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address

import httpx2

SCHEMES = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_PORT = re.compile(r"[0-9]{1,5}")

Origin = tuple[str, str, int]


class BadAddress(ValueError):
    """A URL that is not fetched. The message says why, and never repeats what may be secret in it."""


def parse_url(text: str, ports: Collection[int] | None = None) -> httpx2.URL:
    """``text`` as a URL to fetch: http or https, a plain host in lower case, without fragment.

    Host names come out in ASCII (IDNA) and without a trailing dot. What different programs read differently is refused:
    user info, zone ids, IPv4 as anything but four decimal numbers, escapes and backslashes. ``ports`` limits the port.
    Raises :class:`BadAddress`.
    """
    if "\\" in text or any(character.isspace() or not character.isprintable() for character in text):
        raise BadAddress("the URL contains a space, a control character or a backslash")
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError) as error:
        raise BadAddress("the URL can not be read: its host or port is not valid") from error
    if url.scheme not in SCHEMES:
        raise BadAddress(
            f"only http and https are fetched, not {url.scheme[:20]!r}" if url.scheme else "the URL has no http:// or https://"
        )
    authority = _AUTHORITY.match(text)
    if authority is None:
        raise BadAddress("the URL names no host")
    _check_authority(authority[1])
    host = plain_host(host_of(url))
    if not 1 <= port_of(url) <= 65535:
        raise BadAddress(f"port {port_of(url)} is not between 1 and 65535")
    if ports is not None and port_of(url) not in ports:
        raise BadAddress(f"port {port_of(url)} is not among the allowed ports ({', '.join(map(str, sorted(ports)))})")
    return url.copy_with(host=host, fragment=None)


def plain_host(host: str) -> str:
    """``host`` in its one form: a name in ASCII, four decimal numbers, or an IPv6 address without brackets.

    Raises :class:`BadAddress`.
    """
    if ":" in host:
        if "%" in host:
            raise BadAddress("an IPv6 address with a zone id is not fetched")
        try:
            return IPv6Address(host).compressed
        except ValueError as error:
            raise BadAddress("the host is not an IPv6 address") from error
    host = host.lower().removesuffix(".")
    if not _HOST_NAME.fullmatch(host):
        raise BadAddress("the host is empty or not a host name")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # The resolver would read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1; others read them otherwise.
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            raise BadAddress("a numeric host must be four decimal numbers, like 192.0.2.1") from error
    return host


def host_of(url: httpx2.URL) -> str:
    """The host of ``url`` in ASCII, as it is looked up."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx2.URL) -> int:
    """The port that ``url`` leads to."""
    return SCHEMES[url.scheme] if url.port is None else url.port


def origin_of(url: httpx2.URL) -> Origin:
    """Scheme, host and port: what a credential belongs to."""
    return url.scheme, host_of(url), port_of(url)


def show(url: httpx2.URL) -> str:
    """The origin of ``url`` for a message. Paths and parameters stay out: they may be secrets."""
    host = f"[{host_of(url)}]" if ":" in host_of(url) else host_of(url)
    return f"{url.scheme}://{host}" + ("" if url.port is None else f":{url.port}")


def _check_authority(authority: str) -> None:
    if "@" in authority:
        raise BadAddress("a URL with a user name or password is not fetched; name a credential with 'auth' instead")
    if authority.startswith("["):
        host, closed, rest = authority.partition("]")
        if "%" in host:
            raise BadAddress("an IPv6 address with a zone id is not fetched")
        if not closed or (rest and not rest.startswith(":")):
            raise BadAddress("the brackets around the host are not closed")
        port = rest[1:]
    else:
        host, _, port = authority.partition(":")
        if "%" in host:
            raise BadAddress("a host with escapes in it is not fetched")
    if port and not _PORT.fullmatch(port):
        raise BadAddress("the port is not a number")
