"""How addresses may be written."""

from __future__ import annotations

import pytest

from secondsource.adapters.http.hosts import BadAddress, origin_of, parse_url, show


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("http://example.com/a", "example.com", 80),
        ("https://EXAMPLE.com./a", "example.com", 443),
        ("HTTPS://Example.COM:8443", "example.com", 8443),
        ("http://my_host-1.internal:9090/api", "my_host-1.internal", 9090),
        ("http://bücher.example/", "xn--bcher-kva.example", 80),
        ("http://8.8.8.8/", "8.8.8.8", 80),
        ("http://8.8.8.8./", "8.8.8.8", 80),
        ("http://127。0。0。1/", "127.0.0.1", 80),
        ("http://[2606:4700:0:0::1111]:81/", "2606:4700::1111", 81),
        ("http://[::FFFF:8.8.8.8]/", "::ffff:808:808", 80),
        ("http://123.example/", "123.example", 80),
        ("http://0x7f.example/", "0x7f.example", 80),
        ("http://localhost:1/", "localhost", 1),
        ("http://host:65535/", "host", 65535),
    ],
)
def test_a_host_has_one_form(text: str, host: str, port: int) -> None:
    url = parse_url(text)
    assert origin_of(url) == (text.partition(":")[0].lower(), host, port)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://2130706433/", "four decimal"),
        ("http://0x7f000001/", "four decimal"),
        ("http://0x7f.1/", "four decimal"),
        ("http://0177.0.0.1/", "can not be read"),
        ("http://017700000001/", "four decimal"),
        ("http://127.1/", "four decimal"),
        ("http://127.0.1/", "four decimal"),
        ("http://127.0.0.0x1/", "four decimal"),
        ("http://256.1.1.1/", "can not be read"),
        ("http://1.2.3.4.5/", "four decimal"),
        ("http://127.0.0.01/", "can not be read"),
        ("http://example.0/", "four decimal"),
        ("http://０x7f.1/", "can not be read"),
        ("http://１２７.０.０.１/", "can not be read"),
        ("http://①②⑦.0.0.1/", "can not be read"),
        ("http://127%2e0%2e0%2e1/", "escapes"),
        ("http://user@example.com/", "user name"),
        ("http://user:pass@example.com/", "user name"),
        ("http://example.com:80@127.0.0.1/", "user name"),
        ("http://example.com\\@127.0.0.1/", "backslash"),
        ("http://[fe80::1%25eth0]/", "zone id"),
        ("http://[fe80::1%eth0]/", "zone id"),
        ("http://[127.0.0.1]/", "can not be read"),
        ("http://[::1/", "can not be read"),
        ("http://[::1]x/", "can not be read"),
        ("http://[v1.x]/", "can not be read"),
        ("http:///path", "host"),
        ("http://./", "empty"),
        ("http://a..b/", "host name"),
        ("http://-a.example/", "host name"),
        (f"http://{'a' * 64}.example/", "host name"),
        (f"http://{'a.' * 130}example/", "host name"),
        ("http://example.com:0/", "between 1"),
        ("http://example.com:65536/", "between 1"),
        ("http://example.com:+80/", "port"),
        ("http://example.com:8_0/", "port"),
        ("http://example.com:-1/", "port"),
        ("http://exa mple.com/", "space"),
        ("http://example.com/a b", "space"),
        ("http://example.com/\r\nX: y", "control"),
        ("http://exam\u200bple.com/", "control"),
        ("ftp://example.com/", "only http"),
        ("file:///etc/passwd", "only http"),
        ("gopher://example.com/", "only http"),
        ("ws://example.com/", "only http"),
        ("example.com/a", "no http"),
        ("//example.com/a", "no http"),
        ("http:example.com", "no host"),
        ("", "no http"),
        ("http://" + "a" * 70000, "can not be read"),
    ],
)
def test_what_programs_read_differently_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadAddress, match=reason) as caught:
        parse_url(text)
    assert "pass" not in str(caught.value).replace("password", "")


def test_only_allowed_ports_are_used() -> None:
    assert parse_url("https://example.com/", (443, 8443)).port is None
    with pytest.raises(BadAddress, match=r"port 80 is not among the allowed ports \(443, 8443\)"):
        parse_url("http://example.com/", (443, 8443))


def test_messages_show_the_origin_only() -> None:
    assert show(parse_url("https://hooks.example/T0/secret?token=1#x")) == "https://hooks.example"
    assert show(parse_url("http://[::1]:9090/secret")) == "http://[::1]:9090"


def test_the_fragment_is_not_sent() -> None:
    assert str(parse_url("https://example.com/a?b=c#d")) == "https://example.com/a?b=c"
