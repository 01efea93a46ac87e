"""A message as a mail: headers that can not be broken out of, a plain text, and the same as HTML for a telephone."""

from __future__ import annotations

import email.errors
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import jinja2

from secondsource.adapters.senders import text
from secondsource.adapters.senders.post import header_value
from secondsource.contracts.sender import Message
from secondsource.domain.ids import content_id

_SPEC = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<bare>{_SPEC})|(?:\"(?P<quoted>[^\"<>\\]*)\"|(?P<name>[^\"<>,;:@\\]*?))\s*<(?P<bracketed>{_SPEC})>")
_POLICY = SMTP.clone(cte_type="7bit", raise_on_defect=True)
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def addressed(given: str) -> Address | None:
    """The one mail address in ``given``, with or without a display name; None for anything else, and for non-ASCII addresses."""
    match = _ADDRESS.fullmatch(given) if given.isprintable() and len(given) <= 320 else None
    if match is None:
        return None
    try:
        return Address(
            display_name=_unencoded(text.clean(match["quoted"] or match["name"] or "", 100)), addr_spec=match["bracketed"] or match["bare"]
        )
    except (email.errors.HeaderParseError, ValueError, IndexError):
        return None


def _unencoded(words: str) -> str:
    """``words`` without the signs that would make a mail program decode a part of them."""
    return words.replace("=?", "= ?")


def message_id(message: Message, domain: str) -> str:
    """The same at each try of a message, and no other's."""
    return f"<{content_id(message.idempotency_key.encode('utf-8', 'replace'))}@{domain}>"


def compose(message: Message, sender: Address, recipient: Address, reply_to: Address | None, date: datetime) -> bytes:
    """The mail as bytes of ASCII with CRLF line ends, ready for DATA.

    All mails of a thread refer to one made-up root, so that mail programs keep them together whichever came first.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = recipient
    if reply_to is not None:
        mail["Reply-To"] = reply_to
    mail["Subject"] = _unencoded(text.subject(message))
    mail["Date"] = date
    mail["Message-ID"] = message_id(message, sender.domain)
    if (key := header_value(message.idempotency_key)) is not None:
        mail["X-SecondSource-Key"] = key
    if message.thread is not None:
        root = f"<thread.{content_id(message.thread.encode('utf-8', 'replace'), recipient.addr_spec)}@{sender.domain}>"
        before = message.receipt if message.receipt and re.fullmatch(r"<[A-Za-z0-9.@_-]{3,200}>", message.receipt) else None
        mail["In-Reply-To"] = before or root
        mail["References"] = f"{root} {before}" if before else root
    mail["Auto-Submitted"] = "auto-generated"  # so that no out-of-office notice answers
    mail["X-Auto-Response-Suppress"] = "All"
    if message.severity == "critical" and message.exercise is None:
        mail["Importance"] = "high"
    mail.set_content(plain(message), cte="quoted-printable")
    mail.add_alternative(html(message), subtype="html", cte="quoted-printable")
    # The same mail has the same bytes; "=_" can not stand in a quoted-printable part.
    mail.set_boundary(f"=_{content_id(message.idempotency_key.encode('utf-8', 'replace'))}")
    return mail.as_bytes()


def plain(message: Message) -> str:
    """The text part: the sentence, the lines, where to act, and why the reader gets it."""
    parts = [text.headline(message), "\n".join(text.lines(message))]
    parts.append("\n".join(f"{action.label}:\n  {action.url}" for action in text.buttons(message)))
    parts.append(text.reason(message))
    return "\n\n".join(part for part in parts if part) + "\n"


def html(message: Message) -> str:
    """The HTML part; every text is escaped by the template."""
    return _ENVIRONMENT.get_template("mail.html.j2").render(
        headline=text.headline(message),
        lines=text.lines(message),
        actions=text.buttons(message),
        reason=text.reason(message),
        severity=text.clean(message.severity, 20),
        state=text.clean(message.state, 20),
        exercise=message.exercise is not None,
    )
