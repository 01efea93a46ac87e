"""Credentials reach their own origin and nothing else: no other host, no message, no error."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping

import pytest

from secondsource.adapters.http.credentials import Basic, Bearer, Credential, HeaderCredential
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve

CANARY = "canary-7f3a9c"
CREDENTIALS: Mapping[str, Credential] = {
    "bearer": Bearer(lambda: CANARY + "\n"),
    "basic": Basic("monitor", lambda: CANARY),
    "header": HeaderCredential("X-Api-Key", lambda: CANARY),
}
WANTED = {
    "bearer": ("authorization", f"Bearer {CANARY}"),
    "basic": ("authorization", "Basic " + base64.b64encode(f"monitor:{CANARY}".encode()).decode()),
    "header": ("x-api-key", CANARY),
}


def fetching(names: Names, credentials: Mapping[str, Credential] = CREDENTIALS) -> HttpFetcher:
    return HttpFetcher(now=lambda: NOW, resolver=names, credentials=credentials)


async def well(call: Call) -> None:
    await call.answer(b"operational")


@pytest.mark.parametrize("kind", sorted(CREDENTIALS))
async def test_a_credential_is_sent_to_its_source(serve: Serve, names: Names, local: FetchPolicy, kind: str) -> None:
    server = await serve(well)
    async with fetching(names) as fetcher:
        assert isinstance(await fetcher.fetch(Request(server.url(), auth=kind), policy=local), Page)
        assert isinstance(await fetcher.fetch(Request(server.url()), policy=local), Page)
    name, value = WANTED[kind]
    with_auth, without = server.calls
    assert with_auth.headers[name] == value
    assert name not in without.headers


@pytest.mark.parametrize("kind", sorted(CREDENTIALS))
async def test_a_credential_goes_along_at_home_and_stays_there(serve: Serve, names: Names, local: FetchPolicy, kind: str) -> None:
    """Another port and another name are other origins; who sends the request back home does not get it back either."""
    back = ""

    async def other(call: Call) -> None:
        await call.answer(b"", 302, Location=back)

    async def home(call: Call) -> None:
        if call.path == "/back":
            await call.answer(b"operational")
        else:
            await call.answer(b"", 302, Location="/1" if call.path == "/0" else away.url("/", call.headers["host"].partition(":")[0]))

    away = await serve(other)
    server = await serve(home)
    back = server.url("/back", "here.test")
    async with fetching(names) as fetcher:
        request = Request(server.url("/0", "here.test"), auth=kind, headers={"X-Custom": CANARY, "Accept": "application/json"})
        assert isinstance(await fetcher.fetch(request, policy=local), Page)
    name, value = WANTED[kind]
    assert [call.headers.get(name) for call in server.calls] == [value, value, None]
    assert [call.headers.get("x-custom") for call in server.calls] == [CANARY, CANARY, None]
    (abroad,) = away.calls
    assert abroad.headers["accept"] == "application/json"
    assert CANARY not in str(abroad.headers)
    assert WANTED["basic"][1] not in str(abroad.headers)


async def test_another_name_of_the_same_server_is_another_origin(serve: Serve, names: Names, local: FetchPolicy) -> None:
    async def renames(call: Call) -> None:
        if call.headers["host"].startswith("here.test"):
            await call.answer(b"", 302, Location=server.url("/", "there.test"))
        else:
            await call.answer(b"who are you", 401)

    server = await serve(renames)
    async with fetching(names) as fetcher:
        fetched = await fetcher.fetch(Request(server.url("/", "here.test"), auth="bearer"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.HTTP_ERROR
    assert "credentials are not sent along" in fetched.detail
    assert "authorization" not in server.calls[-1].headers


@pytest.mark.parametrize("kind", sorted(CREDENTIALS))
@pytest.mark.parametrize("echo", ["header", "status line", "location", "length"])
async def test_a_server_that_echoes_the_secret_does_not_get_it_into_a_detail(
    serve: Serve, names: Names, local: FetchPolicy, kind: str, echo: str, caplog: pytest.LogCaptureFixture
) -> None:
    name, value = WANTED[kind]

    async def echoes(call: Call) -> None:
        said = call.headers[name].encode()
        await call.send(
            {
                "header": b"HTTP/1.1 200 OK\r\n" + said + b"\r\n\r\n",
                "status line": b"HTTP/1.1 " + said + b"\r\n\r\n",
                "location": b"HTTP/1.1 302 Found\r\nLocation: ftp://" + said.replace(b" ", b"") + b"/\r\n\r\n",
                "length": b"HTTP/1.1 200 OK\r\nContent-Length: " + said + b"\r\n\r\n",
            }[echo]
        )
        call.writer.close()

    server = await serve(echoes)
    with caplog.at_level(logging.DEBUG):
        async with fetching(names) as fetcher:
            fetched = await fetcher.fetch(Request(server.url(), auth=kind), policy=local)
    assert isinstance(fetched, Failed)
    for secret in (CANARY, value.rpartition(" ")[2]):
        assert secret not in repr(fetched)


@pytest.mark.parametrize("kind", sorted(CREDENTIALS))
async def test_the_log_of_the_libraries_does_not_hold_what_we_send(
    serve: Serve, names: Names, local: FetchPolicy, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(well)
    with caplog.at_level(logging.DEBUG):
        async with fetching(names) as fetcher:
            await fetcher.fetch(Request(server.url(f"/hook/{CANARY}"), auth=kind), policy=local)
    assert CANARY not in caplog.text
    assert WANTED[kind][1].rpartition(" ")[2] not in caplog.text


def test_credentials_do_not_print_their_secret() -> None:
    assert CANARY not in repr([*CREDENTIALS.values()])


def raising(error: Exception) -> str:
    raise error


@pytest.mark.parametrize(
    ("credential", "reason"),
    [
        (Bearer(lambda: ""), "is empty"),
        (Bearer(lambda: " \n"), "is empty"),
        (Bearer(lambda: f"{CANARY}\r\nX-Evil: 1"), "no header can carry"),
        (HeaderCredential("X-Api-Key", lambda: f"{CANARY}é"), "no header can carry"),
        (HeaderCredential("X Api Key", lambda: CANARY), "header name"),
        (Bearer(lambda: raising(FileNotFoundError(CANARY))), "can not be read"),
        (Bearer(lambda: raising(KeyError(CANARY))), "can not be read"),
        (Bearer(lambda: raising(ValueError(CANARY))), "can not be read"),
    ],
)
async def test_a_credential_that_can_not_be_used_is_named(names: Names, local: FetchPolicy, credential: Credential, reason: str) -> None:
    async with fetching(names, {"broken": credential}) as fetcher:
        fetched = await fetcher.fetch(Request("http://127.0.0.1:1/", auth="broken"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert reason in fetched.detail
    assert "'broken'" in fetched.detail
    assert CANARY not in repr(fetched)


async def test_a_secret_is_read_anew_for_each_fetch(serve: Serve, names: Names, local: FetchPolicy) -> None:
    secrets = ["old", "new"]
    server = await serve(well)
    async with fetching(names, {"rotated": Bearer(lambda: secrets.pop(0))}) as fetcher:
        for _ in range(2):
            await fetcher.fetch(Request(server.url(), auth="rotated"), policy=local)
    assert [call.headers["authorization"] for call in server.calls] == ["Bearer old", "Bearer new"]
