"""Google service accounts: what is signed, and that a key file that is none is told without being shown."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from secondsource.adapters.http.credentials import GoogleServiceAccount
from secondsource.adapters.http.fetcher import HttpFetcher
from secondsource.contracts.connector import Request
from secondsource.domain.observations import Outcome
from secondsource.ports.fetcher import Failed, FetchPolicy, Page
from tests.http.conftest import NOW, Call, Names, Serve

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
SCOPE = "https://www.googleapis.com/auth/cloud-platform.read-only"


async def test_a_token_is_asked_for_with_a_statement_that_google_can_verify(serve: Serve, names: Names, local: FetchPolicy) -> None:
    async def token(call: Call) -> None:
        await call.answer(b'{"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"}')

    async def interface(call: Call) -> None:
        await call.answer(b"{}")

    provider, server = await serve(token), await serve(interface)
    file = {
        "type": "service_account",
        "client_email": "a@b.example",
        "private_key": PEM,
        "private_key_id": "k1",
        "token_uri": provider.url("/token"),
    }
    account = GoogleServiceAccount(SCOPE, lambda: json.dumps(file))
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"gcp": account}) as fetcher:
        assert isinstance(await fetcher.fetch(Request(server.url(), auth="gcp"), policy=local), Page)
    form = parse_qs(provider.calls[0].body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    (assertion,) = form["assertion"]
    claims = jwt.decode(
        assertion,
        KEY.public_key(),
        algorithms=["RS256"],
        audience=provider.url("/token"),
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims == {
        "iss": "a@b.example",
        "scope": SCOPE,
        "aud": provider.url("/token"),
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
    }
    assert jwt.get_unverified_header(assertion)["kid"] == "k1"
    assert server.calls[0].headers["authorization"] == "Bearer ya29.x"


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("canary", "is not the key file of a service account (line 1 column 1)"),
        ('{"client_email": "canary"}', "is not the key file of a service account (private_key)"),
        ('{"client_email": "a", "private_key": "canary"}', "the private key of credential 'gcp' can not be read"),
    ],
)
async def test_a_key_file_that_is_none_is_told_and_not_shown(names: Names, local: FetchPolicy, file: str, says: str) -> None:
    async with HttpFetcher(now=lambda: NOW, resolver=names, credentials={"gcp": GoogleServiceAccount(SCOPE, lambda: file)}) as fetcher:
        fetched = await fetcher.fetch(Request("http://127.0.0.1:1/", auth="gcp"), policy=local)
    assert isinstance(fetched, Failed)
    assert fetched.outcome is Outcome.REFUSED
    assert says in fetched.detail
    assert "canary" not in fetched.detail
