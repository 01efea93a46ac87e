"""Help for connectors: interfaces of AWS that are asked by a POST of JSON with the call's name in a header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from secondsource.contracts.connector import ParseError, Request, Response
from secondsource.contracts.reading import Node, document

_ERROR = re.compile(r"(?:[\w.]+#)?([A-Za-z]{1,60})")
_HINTS = {
    "AccessDeniedException": "the key may not make this call",
    "SubscriptionRequiredException": "the account needs a Business or Enterprise support plan",
}


def aws_request(url: str, call: str, asked: Mapping[str, Any], *, auth: str | None, memo: str = "", version: str = "1.1") -> Request:
    """A call such as ``AWSSupport_20130415.DescribeTrustedAdvisorChecks``. Its answer comes whatever its status is."""
    headers = {"accept": "application/json", "content-type": f"application/x-amz-json-{version}", "x-amz-target": call}
    return Request(url, "POST", headers=headers, body=msgspec.json.encode(asked), auth=auth, every_status=True, memo=memo)


def refusal(response: Response, who: str = "AWS") -> str:
    """AWS's name for the error. Its message may quote the request with its session token, so it is not told."""
    try:
        found = _ERROR.fullmatch(document(response.body).text_of("__type") or "")
    except ParseError:
        found = None
    name = found[1] if found else ""
    hint = f": {_HINTS[name]}" if name in _HINTS else ""
    return f"{who} answered {response.status}{f' ({name})' if name else ''}{hint}"


def aws_instant(node: Node) -> datetime:
    """An instant as AWS writes it: seconds since 1970, with a fraction, or ISO 8601."""
    if isinstance(node.value, str):
        return node.instant()
    try:
        return datetime.fromtimestamp(float(node.number()), UTC)
    except (ValueError, OverflowError, OSError):
        raise node.fail("the number is no time; seconds since 1970 were expected") from None
