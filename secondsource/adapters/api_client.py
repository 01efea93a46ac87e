"""The API of a running instance, from outside: what the command line talks to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from secondsource.domain.errors import UserError

TIMEOUT = 30.0  # seconds
_PAGE = 200

Form = TypeVar("Form")


class ApiError(UserError):
    """The instance can not be asked, or refuses: one sentence that says why and what to do. It never holds the key."""


class _Page(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw]
    next: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    detail: str = ""


class ApiClient:
    """Asks one instance with one key."""

    def __init__(self, url: str, key: str, transport: httpx2.BaseTransport | None = None) -> None:
        """Raises :class:`ApiError` where ``url`` is no web address, or there is no key."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiError(f"{url} is no address of an instance; write it as http://127.0.0.1:8765")
        if not key:
            raise ApiError("there is no API key; put one into SECONDSOURCE_API_KEY")
        if not key.isascii() or not key.isprintable():
            raise ApiError("SECONDSOURCE_API_KEY holds something that is no API key; a key looks like ss_<prefix>_<secret>")
        self._url = url.rstrip("/")
        headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
        self._http = httpx2.Client(headers=headers, timeout=TIMEOUT, transport=transport)

    def risks(self, filters: Mapping[str, str | Sequence[str]], limit: int) -> list[msgspec.Raw]:
        """At most ``limit`` risks by filter, each as the JSON that the API gave."""
        found: list[msgspec.Raw] = []
        cursor: str | None = None
        while len(found) < limit:
            asked = {**filters, "limit": str(min(_PAGE, limit - len(found))), **({"cursor": cursor} if cursor else {})}
            page = decoded(self._send("GET", "/v1/risks", params=asked), _Page, self._url)
            found += page.items
            cursor = page.next
            if cursor is None:
                break
        return found

    def risk(self, id_: str) -> bytes:
        """All of a risk, as JSON."""
        return self._send("GET", f"/v1/risks/{quote(id_, safe='')}")

    def explanation(self, id_: str) -> bytes:
        """The chain behind a risk, as JSON."""
        return self._send("GET", f"/v1/risks/{quote(id_, safe='')}/explanation")

    def act(self, id_: str, verb: str, body: Mapping[str, str]) -> bytes:
        """Do something to a risk; all of it afterwards, as JSON."""
        return self._send("POST", f"/v1/risks/{quote(id_, safe='')}/{verb}", json=body)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _send(self, method: str, path: str, **options: Any) -> bytes:
        try:
            answer = self._http.request(method, self._url + path, **options)
        except httpx2.TimeoutException:
            raise ApiError(f"{self._url} does not answer within {TIMEOUT:g} s") from None
        except httpx2.HTTPError as error:
            why = str(error) or type(error).__name__
            raise ApiError(f"{self._url} can not be reached ({why}); is it running there? name another with --url") from None
        if answer.is_success:
            return answer.content
        raise ApiError(f"{self._url} refuses: {self._why(answer)}")

    def _why(self, answer: httpx2.Response) -> str:
        if answer.is_redirect:
            return f"it answers with a redirect ({answer.status_code}); name the address that it leads to with --url"
        try:
            detail = msgspec.json.decode(answer.content, type=_Problem).detail
        except msgspec.MsgspecError:
            detail = ""
        return detail or f"status {answer.status_code}, without a reason; is this Second Source?"


def decoded(content: bytes | msgspec.Raw, type_: type[Form], url: str) -> Form:
    """What an instance answered, as a value. Raises :class:`ApiError` where it is something else."""
    try:
        return msgspec.json.decode(content, type=type_)
    except msgspec.MsgspecError:
        raise ApiError(f"{url} answers something that is not understood; is this Second Source, and as new as this command?") from None
