"""AWS Signature Version 4, for requests whose answers are small: the header form, with the body's hash in it.

Held against the signatures of AWS's published test suite. Signed are the host, the content type and what AWS itself reads (x-amz-*).
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import httpx2

ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


def plain_query(url: httpx2.URL) -> httpx2.URL:
    """``url`` with every space in its query spelt ``%20``; AWS reads ``+`` otherwise than others do."""
    return url.copy_with(query=url.query.replace(b"+", b"%20")) if b"+" in url.query else url


def signed(
    method: str,
    url: httpx2.URL,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    secret: str,
    region: str,
    service: str,
    at: datetime,
    session_token: str | None = None,
) -> dict[str, str]:
    """The headers to add to a request that is made at ``at``: x-amz-date, authorization, and the session token if there is one.

    ``headers`` have lower-case names; ``url`` is as :func:`plain_query` gives it.
    """
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"x-amz-date": stamp}
    if session_token is not None:
        added["x-amz-security-token"] = session_token
    every = {**headers, **added, "host": url.netloc.decode("ascii")}
    counted = {
        name: " ".join(value.split()) for name, value in every.items() if name in ("host", "content-type") or name.startswith("x-amz-")
    }
    names = ";".join(sorted(counted))
    lines = [f"{name}:{counted[name]}\n" for name in sorted(counted)]
    request = "\n".join((method, _path(url), _query(url), "".join(lines), names, hashlib.sha256(body).hexdigest()))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    added["authorization"] = f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return added


def _path(url: httpx2.URL) -> str:
    """The path without dots, encoded once more than it is sent: AWS signs it so for every service but S3."""
    sent = url.raw_path.partition(b"?")[0].decode("ascii")
    path = posixpath.normpath(sent) if sent else "/"
    path = "/" + path.lstrip("/") + ("/" if sent.endswith("/") and path != "/" else "")
    return quote(path, safe="/" + _UNRESERVED)


def _query(url: httpx2.URL) -> str:
    pairs = [part.partition("=")[::2] for part in url.query.decode("ascii").split("&") if part]
    encoded = sorted((quote(unquote(name), safe=_UNRESERVED), quote(unquote(value), safe=_UNRESERVED)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)
