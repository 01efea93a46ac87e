"""A mail server on loopback that keeps what it is given and fails on demand."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections import deque
from email.message import EmailMessage
from typing import Any, Literal, Self, cast

import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Mail(msgspec.Struct, frozen=True):
    """A mail that was taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.content, policy=email.policy.default)

    def part(self, kind: Literal["plain", "html"]) -> str:
        """The text of one of the two parts."""
        body = self.message.get_body((kind,))
        return "" if body is None else str(body.get_content())


class SmtpFault(msgspec.Struct, frozen=True):
    """What goes wrong with one mail: at ``stage`` the server answers ``reply``, or breaks the connection where that is empty.

    At ``data`` the mail was sent in full; ``kept`` tells that the server keeps it all the same, so that only its answer is lost.
    ``hang`` never answers.
    """

    stage: Literal["mail", "rcpt", "data", "quit"]
    reply: str = ""
    kept: bool = False
    hang: bool = False


class SmtpStandIn:
    """Serves at ``127.0.0.1:port``; use it with ``async with``.

    ``tls`` offers STARTTLS, or with ``wrapped`` speaks TLS from the first byte; ``login`` demands a name and password after STARTTLS.
    """

    def __init__(self, *, login: tuple[str, str] | None = None, tls: ssl.SSLContext | None = None, wrapped: bool = False) -> None:
        if login is not None and (tls is None or wrapped):
            raise ValueError("a login needs tls by STARTTLS: this server sees no other")
        self.mails: list[Mail] = []
        self.faults: deque[SmtpFault] = deque()
        self.tries = 0
        self.port = 0
        self._login = login
        self._tls = tls
        self._wrapped = wrapped
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self, loop), "127.0.0.1", self.port, ssl=self._tls if self._wrapped else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Go away: connections break off, new ones are refused. The mails stay readable."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        await asyncio.gather(*[connection.leave() for connection in list(self._open)])
        await server.wait_closed()

    def login(self, mechanism: str, data: object) -> AuthResult:
        """Whether name and password fit."""
        fits = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=fits, handled=False)  # so that the server answers a refusal itself

    async def handle_MAIL(self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        self.tries += 1
        if fault := self._fault("mail"):
            return await self._fail(server, fault)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server: _Connection, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if fault := self._fault("rcpt"):
            return await self._fail(server, fault)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_QUIT(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._fault("quit")
        return "221 2.0.0 Bye" if fault is None else await self._fail(server, fault)

    async def handle_DATA(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._fault("data")
        if fault is None or fault.kept:
            content = cast(bytes, envelope.original_content)
            self.mails.append(Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), content, self._wrapped or session.ssl is not None))
        return "250 2.0.0 Ok: queued" if fault is None else await self._fail(server, fault)

    def _fault(self, stage: str) -> SmtpFault | None:
        return self.faults.popleft() if self.faults and self.faults[0].stage == stage else None

    async def _fail(self, server: _Connection, fault: SmtpFault) -> str:
        if fault.hang:
            await asyncio.Event().wait()
        if not fault.reply:
            server.abort()
        return fault.reply or "421 4.3.0 Closing"


class _Connection(SMTP):
    def __init__(self, home: SmtpStandIn, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        super().__init__(
            home,
            hostname="localhost",
            ident="stand-in",
            loop=loop,
            tls_context=None if home._wrapped else home._tls,
            auth_required=home._login is not None,
            authenticator=self._check_login if home._login else None,
            command_call_limit=None,
        )

    def _check_login(self, server: Any, session: Any, envelope: Any, mechanism: str, data: object) -> AuthResult:
        return self._home.login(mechanism, data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._home._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._home._open.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """Break the connection off."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def leave(self) -> None:
        """End the conversation, whatever stage it is at."""
        task = self._handler_coroutine
        self.abort()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
