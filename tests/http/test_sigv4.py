"""AWS signatures: those of AWS's published test suite, and that what is signed is what is sent."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

import httpx2
import pytest

from secondsource.adapters.http.credentials import AwsKeys
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.adapters.http.sigv4 import plain_query, signed
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve

# the suite's made-up account, which its documentation prints
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SUITE_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SESSION = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL6"
    "4lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "session", "signature"),
    [
        ("GET", "/", {}, b"", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "/?Param2=value2&Param1=value1", {}, b"", None, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("GET", "/?%E1%88%B4=bar", {}, b"", None, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        ("GET", "/example/..", {}, b"", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", "/./example", {}, b"", None, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        ("GET", "//example//", {}, b"", None, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        ("POST", "/", {}, b"", None, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ("POST", "/", FORM, b"Param1=value1", None, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        ("POST", "/", {}, b"", SESSION, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
        # neither is AWS's to read, so neither is signed
        ("GET", "/", {"user-agent": "x", "accept": "*/*"}, b"", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ],
)
def test_the_signatures_of_the_published_suite(
    method: str, target: str, headers: dict[str, str], body: bytes, session: str | None, signature: str
) -> None:
    url = httpx2.URL(f"https://example.amazonaws.com{target}")
    added = signed(
        method,
        url,
        headers,
        body,
        key_id=KEY_ID,
        secret=SECRET,
        region="us-east-1",
        service="service",
        at=SUITE_TIME,
        session_token=session,
    )
    names = ";".join(
        sorted(["host", "x-amz-date", *(["content-type"] if headers is FORM else []), *(["x-amz-security-token"] if session else [])])
    )
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    assert added["authorization"] == f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
    assert added["x-amz-date"] == "20150830T123600Z"
    assert added.get("x-amz-security-token") == session


def test_a_space_in_the_query_is_spelt_as_aws_reads_it() -> None:
    url = httpx2.URL("https://example.amazonaws.com/").copy_merge_params({"a b": "c d", "e": "f+g"})
    assert b"+" in url.query
    assert plain_query(url).query == b"a%20b=c%20d&e=f%2Bg"


def verified(call: Call, secret: str) -> bool:
    """Whether the request that arrived has the signature that its own bytes give."""
    fields = dict(part.strip().split("=", 1) for part in call.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(","))
    names = fields["SignedHeaders"].split(";")
    path, _, query = call.path.partition("?")
    canonical = "\n".join(
        (
            call.method,
            quote(path),
            "&".join(sorted(query.split("&"))),
            *(f"{name}:{call.headers[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(call.body).hexdigest(),
        )
    )
    _, *scope = fields["Credential"].split("/")
    text = "\n".join(("AWS4-HMAC-SHA256", call.headers["x-amz-date"], "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex() == fields["Signature"]


@pytest.mark.parametrize("session", [None, "session-canary-5d2"])
async def test_what_is_signed_is_what_is_sent(serve: Serve, names: Names, local: FetchPolicy, session: str | None) -> None:
    async def moves(call: Call) -> None:
        if call.path == "/old":
            await call.answer(b"", 307, Location="/new?z=1&a=x%20y")
        else:
            await call.answer(b"{}")

    server = await serve(moves)
    keys = AwsKeys("AKIDOWN", "us-east-1", "health", lambda: "canary-7f3a9c\n", None if session is None else lambda: session)
    request = Request(
        server.url("/old", "here.test"),
        "POST",
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSHealth_20160804.DescribeEvents"},
        body=b'{"maxResults": 100}',
        auth="aws",
    )
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"aws": keys}) as fetcher:
        assert isinstance(await fetcher.fetch(request, policy=local), Page)
        query = Request(server.url("/", "here.test"), params={"b": "x y", "a": "1"}, auth="aws")
        assert isinstance(await fetcher.fetch(query, policy=local), Page)
    assert [call.path for call in server.calls] == ["/old", "/new?z=1&a=x%20y", "/?b=x%20y&a=1"]
    for call in server.calls:
        assert verified(call, "canary-7f3a9c")
        assert not verified(call, "another")
        assert call.headers["x-amz-date"] == "20260304T120000Z"
        assert call.headers.get("x-amz-security-token") == session
        assert "canary-7f3a9c" not in str(call.headers)


async def test_a_signature_stays_at_home(serve: Serve, names: Names, local: FetchPolicy) -> None:
    async def elsewhere(call: Call) -> None:
        await call.answer(b"", 302, Location=server.url("/", "there.test")) if call.headers["host"].startswith(
            "here"
        ) else await call.answer(b"")

    server = await serve(elsewhere)
    keys = AwsKeys("AKIDOWN", "us-east-1", "health", lambda: "canary-7f3a9c")
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"aws": keys}) as fetcher:
        assert isinstance(await fetcher.fetch(Request(server.url("/", "here.test"), auth="aws"), policy=local), Page)
    assert "authorization" in server.calls[0].headers
    assert not {"authorization", "x-amz-date"} & server.calls[1].headers.keys()


@pytest.mark.parametrize("field", ["key_id", "region", "service", "session"])
async def test_keys_that_would_break_a_header_are_refused(names: Names, local: FetchPolicy, field: str) -> None:
    values = {"key_id": "AKIDOWN", "region": "us-east-1", "service": "health", "session": "token"} | {field: "a\r\nX-Evil: 1"}
    keys = AwsKeys(values["key_id"], values["region"], values["service"], lambda: "canary", lambda: values["session"])
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"aws": keys}) as fetcher:
        fetched = await fetcher.fetch(Request("http://127.0.0.1:1/", auth="aws"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert "of credential 'aws' is not one" in fetched.detail


def test_keys_do_not_print_their_secret() -> None:
    assert "canary" not in repr(AwsKeys("AKIDOWN", "us-east-1", "health", lambda: "canary", lambda: "canary"))
