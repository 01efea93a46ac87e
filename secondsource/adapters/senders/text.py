"""Foreign text, made harmless before any sender escapes it for its target.

Headlines and lines quote vendors' pages. Whatever stands in them: one line stays one line, what is read is what is there, and
nothing in it becomes an address that a client turns into a link.
"""

from __future__ import annotations

import re
import unicodedata

from secondsource.contracts.sender import Action, Message

MAX_LINES = 7  # after the headline: eight lines are what a telephone shows
MAX_HEADLINE = 300
MAX_LINE = 350
MAX_SUBJECT = 150
DRILL = "[DRILL]"

# Letters that look like nothing: with them, two words that read alike differ.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
# Controls, formats (bidirectional overrides, zero width, tags), lone surrogates, private use, unassigned.
_NOTHING = frozenset({"Cf", "Cs", "Co", "Cn"})
_SPACE = frozenset({"Cc", "Zs", "Zl", "Zp"})
_SCHEME = re.compile(r"(?i)([a-z][a-z0-9+.\-]{0,20}):(?=//)|\b(mailto|tel|sms|javascript|data|slack|skype|facetime|xmpp|magnet):(?=\S)")
_WWW = re.compile(r"(?i)\b(www)\.(?=\S)")
_DRILLS = re.compile(r"(?i)^(?:\s*\[\s*drill\s*\]\s*)+")


def clean(text: str, limit: int) -> str:
    """``text`` on one line, without invisible characters and without addresses, at most ``limit`` UTF-16 units long."""
    characters = (_visible(character) for character in text[: 4 * limit])  # so that a page of a megabyte costs nothing
    line = " ".join("".join(characters).split())
    line = _WWW.sub(r"\1[.]", _SCHEME.sub(lambda match: f"{match[1] or match[2]}[:]", line))
    return cut(line, limit)


def _visible(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    category = unicodedata.category(character)
    if category in _NOTHING:
        return ""
    return " " if category in _SPACE or character in _BLANK else character


def cut(text: str, limit: int) -> str:
    """``text``, or its beginning and an ellipsis, at most ``limit`` UTF-16 units long, which is how Slack counts."""
    if len(text) * 2 <= limit or _units(text) <= limit:
        return text
    room = limit - 1
    kept = []
    for character in text:
        room -= _units(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def marked(text: str, message: Message) -> str:
    """``text`` with the mark of a drill once where the message belongs to one, and without it where it does not."""
    bare = _DRILLS.sub("", text)
    return f"{DRILL} {bare}" if message.exercise is not None else bare


def headline(message: Message) -> str:
    """The sentence, marked; never empty."""
    return marked(clean(message.headline, MAX_HEADLINE), message) or "(no text)"


def subject(message: Message) -> str:
    """The subject of a mail, marked; the headline where the message has none."""
    return marked(clean(message.subject or message.headline, MAX_SUBJECT), message) or "(no text)"


def lines(message: Message) -> list[str]:
    """What follows the headline: at most seven lines, none empty."""
    return [line for text in message.lines if (line := clean(text, MAX_LINE))][:MAX_LINES]


def reason(message: Message) -> str:
    """Why the reader gets this."""
    return clean(message.reason, MAX_LINE)


def buttons(message: Message) -> list[Action]:
    """The actions that lead somewhere over HTTP, with clean labels; others are left out."""
    found = []
    for action in message.actions:
        label = clean(action.label, 75)
        if label and re.fullmatch(r"https?://[^\s\"'<>\\|`{}^\x00-\x1f]+", action.url) and action.url.isascii() and len(action.url) <= 3000:
            found.append(Action(re.sub(r"[^a-z0-9_]", "_", action.verb.lower())[:40], label, action.url))
    return found[:5]
