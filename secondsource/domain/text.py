"""Outside text made plain. The result is still a stranger's text: whoever shows it escapes it for the target."""

from __future__ import annotations

import html
import re

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"[A-Za-z/!?]")
_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9]*")
_HIDDEN = frozenset({"script", "style", "template", "noscript"})
_INPUT_CAP = 200_000


def tidy(text: str, limit: int) -> str:
    """``text`` on one line without control characters or such as turn the reading direction, cut to ``limit`` characters."""
    line = " ".join(_INVISIBLE.sub("", text[:_INPUT_CAP]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain_text(markup: str, limit: int) -> str:
    """The words of a piece of HTML, tidied and cut to ``limit`` characters; scripts and styles are dropped.

    Works in one pass over at most 200,000 characters, whatever they are. A ``<`` that begins no tag is kept as it is.
    """
    head, *pieces = markup[:_INPUT_CAP].split("<")
    words = [head]
    hidden = ""
    for piece in pieces:
        if not _TAG.match(piece):
            if not hidden:
                words.append("<" + piece)
            continue
        name = _NAME.match(piece)
        tag = name.group().lower() if name else ""
        _, closed, rest = piece.partition(">")
        if hidden:
            if tag != "/" + hidden:
                continue
            hidden = ""
        elif tag in _HIDDEN:
            hidden = tag
            continue
        words.append(" " + rest if closed else " ")
    return tidy(html.unescape("".join(words)), limit)
