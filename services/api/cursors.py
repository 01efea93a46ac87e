"""Cursors: where a page ended, opaque to who carries it, and good only for the question that it was given for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

import msgspec

from secondsource.domain.ids import content_id
from services.api.problems import Fault, Problem
from services.api.signing import Signer

Place = TypeVar("Place")


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    question: str
    place: msgspec.Raw


def cursor(signer: Signer, question: object, place: object | None) -> str | None:
    """The cursor after ``place`` for this ``question`` (whatever the list was narrowed and sorted by); None for the last page."""
    if place is None:
        return None
    inner = msgspec.Raw(msgspec.msgpack.encode(place))
    return signer.seal("cursor", msgspec.msgpack.encode(_Cursor(content_id(question), inner)))


def place_of(signer: Signer, question: object, given: str | None, type_: type[Place]) -> Place | None:
    """The place in a cursor. Raises :class:`Problem` for one that was not given for this question."""
    if given is None:
        return None
    sealed = signer.open("cursor", given)
    if sealed is None:
        raise _bad("it is not one that this program gave")
    found = msgspec.msgpack.decode(sealed, type=_Cursor)
    if found.question != content_id(question):
        raise _bad("it belongs to a list with other filters or another order")
    return msgspec.msgpack.decode(found.place, type=type_)


def _bad(why: str) -> Problem:
    detail = f"The cursor can not be used: {why}. Begin again without one."
    return Problem(HTTPStatus.BAD_REQUEST, "bad-cursor", detail, errors=[Fault("query.cursor", why)])
