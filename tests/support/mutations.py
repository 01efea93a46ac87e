"""Answers of servers, spoilt: by a seed, and so the same each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tests.support.chance import Dice

MOST = 1024 * 1024
"""Bytes of a spoilt answer."""

PIECES = (
    b"", b"null", b"[]", b"{}", b'""', b"-1", b"0", b"1e999", b"1e99999999999999999999", b"NaN", b"Infinity", b"true", b'"\\ud800"',
    b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"<", b">", b"&", b"&#xD800;", b"&#99999999999;", b"<!--", b"-->", b"]]>", b"<![CDATA[", b"<html>",
    b"<script>", b"<table>", b"</table>", b"<br/>", b"9" * 5000, b"[" * 5000, b'{"a":' * 2000, b"<a>" * 3000, b"," * 3000, b"\n" * 3000,
    b"a" * 100_000, b" " * 100_000, b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"Feb 30, 25:61 PST", b"2026-02-30",
    b"\xe2\x80\xae", b"%s%n", b"../../etc/passwd", b"https://[::1", b"${x}",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, -3.5, 10**30, 10**400, 1e-300, "", " ", "x", "0", "-1", "1e400", "NaN", "a" * 20_000, "9" * 5000,
    "\ud7ff\u202e", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", [], [1], {}, {"id": 1}, [[]], [None], {"": {"": None}},
)  # fmt: skip


def spoilt(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """``body`` spoilt in one to three ways; ``others`` are bodies that parts may be taken from."""
    for _ in range(1 + dice.below(3)):
        body = dice.one_of(_WAYS)(body, dice, others)[:MOST]
    return body


def _span(body: bytes, dice: Dice) -> tuple[int, int]:
    start = dice.below(len(body) + 1)
    return start, min(len(body), start + dice.one_of((0, 1, 3, 10, 100, 1000)))


def _piece(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    start, end = _span(body, dice)
    return body[:start] + dice.one_of(PIECES) + body[end:]


def _cut(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    return body[: dice.below(len(body) + 1)]


def _flipped(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    if not body:
        return body
    at = dice.below(len(body))
    return body[:at] + bytes([body[at] ^ (1 << dice.below(8))]) + body[at + 1 :]


def _again(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    start, end = _span(body, dice)
    return body[:end] + body[start:end] * dice.one_of((1, 10, 1000)) + body[end:]


def _grafted(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    other = dice.one_of(others)
    (start, end), (first, last) = _span(body, dice), _span(other, dice)
    return body[:start] + other[first:last] + body[end:]


def _encoded(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    text = body.decode("utf-8", "replace")
    return text.encode(dice.one_of(("utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1")), "replace")


def _value(body: bytes, dice: Dice, others: Sequence[bytes]) -> bytes:
    """Of a JSON document, one value of another type, or one list a thousand times as long."""
    try:
        document = msgspec.json.decode(body)
        return msgspec.json.encode(_changed(document, dice, depth=0))
    except (msgspec.MsgspecError, RecursionError, UnicodeError, ValueError):
        return _piece(body, dice, others)


def _changed(value: Any, dice: Dice, depth: int) -> Any:
    stop = dice.below(6) == 0 and depth > 0
    if isinstance(value, dict) and value and not stop:
        key = dice.one_of(sorted(value))
        if dice.below(12) == 0:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: _changed(value[key], dice, depth + 1)}
    if isinstance(value, list) and value and not stop:
        at = dice.below(len(value))
        if dice.below(8) == 0:
            return value + [value[at]] * dice.one_of((1, 100, 1000))
        return [*value[:at], _changed(value[at], dice, depth + 1), *value[at + 1 :]]
    return dice.one_of(VALUES)


_WAYS: tuple[Callable[[bytes, Dice, Sequence[bytes]], bytes], ...] = (
    _piece, _piece, _cut, _flipped, _again, _grafted, _encoded, _value, _value, _value,
)  # fmt: skip
