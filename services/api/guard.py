"""The outermost layer: which hosts are answered to, how much is read, what every answer carries, and that no fault leaks."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from http import HTTPStatus

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import Problem

MOST_BYTES = 1024 * 1024

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR = 365 * 86_400
_TOO_LARGE = f"A request may have {MOST_BYTES:,} bytes at most; send it in parts."

_logger = structlog.get_logger(__name__)


class TooLarge(HTTPException):
    """More was sent than is read. The framework hands this on from wherever the body is read."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE)


def host_of(header: str) -> str:
    """The host in a ``Host`` header, in lower case, without port and brackets; empty where it is none."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.partition(":")
    return name if not colon or port.isdigit() else ""


class Guard:
    """Wraps the application; pure ASGI, so that nothing is buffered."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], secure: bool) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._headers = {**_HEADERS, **({"strict-transport-security": f"max-age={_YEAR}"} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._refusal(Headers(scope=scope))
        if problem is None:
            try:
                await self._app(scope, _counted(receive), sending)
                return
            except Exception as error:  # what it was goes to the log; who asked learns only that it failed
                # not exception(): a log that shows local variables would show the key that was sent
                lines = "".join(traceback.format_exception(error))
                _logger.error("request failed", method=scope["method"], path=scope["path"], traceback=lines)
                if begun:
                    raise
                problem = _broken(error)
        await problem.response(scope["path"])(scope, receive, sending)

    def _refusal(self, headers: Headers) -> Problem | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or host_of(hosts[0]) not in self._hosts:
            detail = "This host name is not served here; add it to the configuration's api section if it should be."
            return Problem(HTTPStatus.BAD_REQUEST, "unknown-host", detail)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BYTES:
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", _TOO_LARGE)
        return None


def _counted(receive: Receive) -> Receive:
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > MOST_BYTES:
                raise TooLarge()
        return message

    return counting


def _broken(error: Exception) -> Problem:
    detail = f"The program failed on this request ({type(error).__name__}); its log says where. Nothing of it was kept."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", detail)
