"""A message as Block Kit. Foreign text stands in plain_text only, escaped, so that it can not become markup."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, HeaderBlock, PlainTextObject, SectionBlock

from secondsource.adapters.senders import text
from secondsource.contracts.sender import Message

MAX_HEADER = 150
MAX_SECTION = 3000
MAX_LABEL = 75
_STYLES = {"acknowledge": "primary", "approve": "primary", "decline": "danger"}


def escape(line: str) -> str:
    """``line`` with Slack's three control characters as entities, and no sign that opens a mention."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "\uff20")


def fallback(message: Message) -> str:
    """What a locked telephone shows: the sentence."""
    return escape(text.headline(message))


def blocks(message: Message) -> list[dict[str, Any]]:
    """Headline, lines, reason where there is room for it, buttons: at most eight lines of text, two of what is folded.

    A headline too long for a header block becomes a section, so that no word of the sentence is lost.
    """
    headline, lines, reason = text.headline(message), text.lines(message), text.reason(message)
    if message.folded:
        lines, reason = lines[:1], ""
    found: list[Block] = []
    first = escape(headline)
    found.append(HeaderBlock(text=_plain(first)) if len(first) * 2 <= MAX_HEADER or _fits(first) else SectionBlock(text=_plain(first)))
    if lines:
        found.append(SectionBlock(text=_plain(_joined(lines))))
    if reason and len(lines) < text.MAX_LINES:
        found.append(ContextBlock(elements=[_plain(escape(reason))]))
    buttons = [
        ButtonElement(
            text=_plain(text.cut(escape(action.label), MAX_LABEL)),
            action_id=f"{number}_{action.verb}",
            url=action.url,
            style=_STYLES.get(action.verb),
        )
        for number, action in enumerate(text.buttons(message))
    ]
    if buttons:
        found.append(ActionsBlock(elements=buttons))
    return [block.to_dict() for block in found]


def _fits(line: str) -> bool:
    return text.cut(line, MAX_HEADER) == line


def _joined(lines: list[str]) -> str:
    """The lines within one section; where escaping makes them too long, all are cut to the same length."""
    each = text.MAX_LINE
    joined = "\n".join(map(escape, lines))
    while text.cut(joined, MAX_SECTION) != joined:
        each //= 2
        joined = "\n".join(escape(text.cut(line, each)) for line in lines)
    return joined


def _plain(line: str) -> PlainTextObject:
    return PlainTextObject(text=line, emoji=False)
