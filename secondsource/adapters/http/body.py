"""A body as it comes in: counted, inflated in small pieces, and kept only when it is whole."""

from __future__ import annotations

import io
import zlib

ACCEPTED = "gzip, deflate"
PIECE = 64 * 1024  # the most that is inflated at once, whatever the ratio
MAX_MEMBERS = 64  # a gzip body may be a row of files; a long row of empty ones only burns time

_CODINGS = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


class TooLarge(Exception):
    """The body is over its limit."""


class Broken(Exception):
    """The body is not what its headers say: cut short, damaged, or in a coding that was not asked for."""


class BodyReader:
    """Takes the body in parts and gives it back decoded.

    ``coding`` is the Content-Encoding header. Neither the bytes as sent nor the decoded ones may exceed ``limit``; memory
    in use stays near the decoded size. Raises :class:`Broken` for a coding that was not asked for, nested ones included.
    """

    def __init__(self, coding: str, limit: int) -> None:
        known = _CODINGS.get(coding.strip().lower())
        if known is None:
            raise Broken("the body has a content encoding that was not asked for")
        self.received = 0
        self._coding = known
        self._limit = limit
        self._decoded = io.BytesIO()
        self._pending = b""
        self._members = 0
        self._inflater: zlib._Decompress | None = None

    def feed(self, part: bytes) -> None:
        """Take the next part. Raises :class:`TooLarge` or :class:`Broken`."""
        self.received += len(part)
        if self.received > self._limit:
            raise TooLarge(f"the body is larger than {self._limit} bytes")
        if not self._coding:
            self._decoded.write(part)
            return
        try:
            self._inflate(self._pending + part)
        except zlib.error as error:
            raise Broken(f"the {self._coding} body is damaged") from error

    def finish(self) -> bytes:
        """The whole body. Raises :class:`Broken` when its compressed form is not complete."""
        if self._coding and self.received and (self._inflater is not None or self._pending or not self._members):
            raise Broken(f"the {self._coding} body ends early, after {self.received} bytes")
        return self._decoded.getvalue()

    def _inflate(self, data: bytes) -> None:
        self._pending = b""
        more = False
        while data or more:
            if self._inflater is None and self._members:
                data = data.lstrip(b"\0")  # padding between and after the files of a row
            inflater = self._inflater or self._start(data)
            if inflater is None:
                return
            self._inflater = inflater
            piece = inflater.decompress(data, PIECE)
            self._decoded.write(piece)
            if self._decoded.tell() > self._limit:
                raise TooLarge(f"the body is larger than {self._limit} bytes when decoded")
            if inflater.eof:
                data, more = inflater.unused_data, False
                self._inflater = None
                self._members += 1
            else:
                data, more = inflater.unconsumed_tail, len(piece) == PIECE

    def _start(self, data: bytes) -> zlib._Decompress | None:
        """An inflater for what begins with ``data``; None while that is too little to tell."""
        if not data:
            return None
        if self._members and (self._coding == "deflate" or self._members >= MAX_MEMBERS):
            raise Broken(f"the {self._coding} body goes on after its end")
        if self._coding == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        if len(data) < 2:
            self._pending = data
            return None
        # "deflate" means the zlib format; some servers send the bare one.
        wrapped = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
        return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
