"""Bodies: whole or not at all, and never more than the limit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.adapters.http.body import PIECE, BodyReader, Broken, TooLarge

LIMIT = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "X-GZip": gzip.compress,
    "deflate": zlib.compress,
}


def read(coding: str, sent: bytes, step: int, limit: int = LIMIT) -> bytes:
    reader = BodyReader(coding, limit)
    for start in range(0, len(sent), step):
        reader.feed(sent[start : start + step])
    assert reader.received == len(sent)
    return reader.finish()


@given(data=st.binary(max_size=3000), coding=st.sampled_from(sorted(PACKERS)), step=st.integers(1, 4000))
def test_what_was_packed_comes_out_however_it_is_cut(data: bytes, coding: str, step: int) -> None:
    assert read(coding, PACKERS[coding](data), step) == data


@given(data=st.binary(max_size=3000), step=st.integers(1, 4000))
def test_bare_deflate_is_understood(data: bytes, step: int) -> None:
    assert read("deflate", raw_deflate(data), step) == data


@given(parts=st.lists(st.binary(max_size=200), min_size=1, max_size=5), padding=st.integers(0, 20), step=st.integers(1, 500))
def test_a_row_of_gzip_files_with_padding_is_one_body(parts: list[bytes], padding: int, step: int) -> None:
    sent = b"".join(gzip.compress(part) + bytes(padding) for part in parts)
    assert read("gzip", sent, step) == b"".join(parts)


@given(data=st.binary(min_size=1, max_size=3000), coding=st.sampled_from(["gzip", "deflate"]), where=st.floats(0, 1, exclude_max=True))
def test_a_compressed_body_that_ends_early_is_broken(data: bytes, coding: str, where: float) -> None:
    sent = PACKERS[coding](data)
    cut = max(1, int(len(sent) * where))
    with pytest.raises(Broken, match="ends early"):
        read(coding, sent[:cut], 97)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 4 * PIECE, 900_000])
def test_what_swells_to_many_pieces_comes_out_whole(pack: Callable[[bytes], bytes], size: int) -> None:
    for step in (1, 7, 10_000):
        assert read("gzip" if pack is gzip.compress else "deflate", pack(bytes(size)), step) == bytes(size)


def test_a_row_of_gzip_files_whose_last_one_ends_early_is_broken() -> None:
    with pytest.raises(Broken, match="ends early"):
        read("gzip", gzip.compress(b"one") + gzip.compress(b"two")[:-4], 10)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_damaged_body_is_broken(coding: str) -> None:
    sent = bytearray(PACKERS[coding](b"status: operational, " * 50))
    sent[len(sent) // 2] ^= 0xFF
    with pytest.raises(Broken):
        read(coding, bytes(sent), 50)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_something_after_the_end_is_broken(coding: str) -> None:
    with pytest.raises(Broken):
        read(coding, PACKERS[coding](b"operational") + b"trailing", 50)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip,br", "deflate, gzip", "aes128gcm"])
def test_codings_that_were_not_asked_for_and_nested_ones_are_broken(coding: str) -> None:
    with pytest.raises(Broken, match="not asked for"):
        BodyReader(coding, LIMIT)


@pytest.mark.parametrize("coding", sorted(PACKERS))
def test_the_limit_is_exact(coding: str) -> None:
    body = bytes(range(256)) * 8
    assert read(coding, PACKERS[coding](body), 100, limit=len(body)) == body
    with pytest.raises(TooLarge):
        read(coding, PACKERS[coding](body), 100, limit=len(body) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_stops_within_one_piece_of_the_limit(coding: str) -> None:
    sent = PACKERS[coding](bytes(50_000_000))
    reader = BodyReader(coding, LIMIT)
    with pytest.raises(TooLarge, match="when decoded"):
        reader.feed(sent)
    assert reader._decoded.tell() <= LIMIT + PIECE


def test_a_long_row_of_empty_gzip_files_is_broken() -> None:
    with pytest.raises(Broken, match="goes on after its end"):
        read("gzip", gzip.compress(b"") * 1000, 10_000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", ""])
def test_no_body_is_an_empty_body(coding: str) -> None:
    assert BodyReader(coding, LIMIT).finish() == b""
