"""Whatever arrives, a connector gives readings or a ParseError: mutated, cut, spliced and deeply nested input."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from secondsource.adapters.plugins import connector, connector_names, connectors
from secondsource.contracts.connector import Parsed, ParseError, Recognises, Response

HERE = Path(__file__).parent
SEEDS = {
    name: [
        ((case / "request.json").read_bytes(), next(case.glob("response.*")).read_bytes())
        for case in sorted(path.parent for path in (HERE / name).glob("*/expected.jsonl"))
    ]
    for name in connector_names()
}
SPLICES = (
    b"", b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"1e99999999999999999999", b"NaN", b"true", b'"\\ud800"', b"\xff\xfe", b"\0",
    b"<", b">", b"&", b"&#xD800;", b"&#99999999999;", b"<!--", b"]]>", b"<![CDATA[", b"<html>", b"<small>", b"<script>", b"9" * 5000,
    b"[" * 5000, b"<a>" * 3000, b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"Feb 30, 25:61 PST", b"\xe2\x80\xae",
)  # fmt: skip


def is_json(body: bytes) -> bool:
    """Whether ``body`` begins as an object or a list does."""
    return body.startswith((b"{", b"["))


def answer(body: bytes, config: bytes, name: str) -> tuple[Response, BaseModel]:
    request = msgspec.json.decode(config)
    response = Response("https://localhost/", 200, {}, body, datetime(2026, 1, 2, tzinfo=UTC))
    return response, connector(name).spec.config.model_validate(request["config"])


def survives(name: str, config: bytes, body: bytes) -> None:
    response, settings_ = answer(body, config, name)
    reader = connector(name)
    parsed, error = None, None
    try:
        parsed = reader.parse(response, settings_)
    except ParseError as refusal:
        error = refusal
    if error is not None:
        assert error.where
        assert error.reason
        assert "\n" not in str(error)
    else:
        # whatever was read can be stored and sent on
        stored = msgspec.msgpack.encode(parsed)
        assert msgspec.msgpack.encode(msgspec.msgpack.decode(stored, type=Parsed)) == stored
        assert parsed is not None
        assert all(reading.subject for reading in parsed.readings)
    assert isinstance(reader, Recognises)
    assert 0 <= reader.recognise(response) <= 1


@pytest.mark.parametrize("name", connector_names())
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_mutated_input_gives_readings_or_a_parse_error(name: str, data: st.DataObject) -> None:
    config, body = data.draw(st.sampled_from(SEEDS[name]))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.sampled_from([0, 1, 3, 10, 100])))
        body = body[:start] + data.draw(st.one_of(st.sampled_from(SPLICES), st.binary(max_size=8))) + body[end:]
    survives(name, config, body)


@pytest.mark.parametrize("name", connector_names())
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_cut_input_gives_readings_or_a_parse_error(name: str, data: st.DataObject) -> None:
    config, body = data.draw(st.sampled_from(SEEDS[name]))
    survives(name, config, body[: data.draw(st.integers(0, len(body)))])


@pytest.mark.parametrize("name", [name for name, seeds in SEEDS.items() if any(is_json(body) for _, body in seeds)])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_values_of_another_type_give_readings_or_a_parse_error(name: str, data: st.DataObject) -> None:
    config, body = data.draw(st.sampled_from([seed for seed in SEEDS[name] if is_json(seed[1])]))
    value = msgspec.json.decode(body)
    paths = list(places(value))
    path = data.draw(st.sampled_from(paths))
    other = data.draw(st.sampled_from([None, True, 0, -3.5, 10**30, "", " ", "x", [], [1], {}, {"id": 1}, [[]]]))
    survives(name, config, msgspec.json.encode(replaced(value, path, other)))


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, member in members for place in places(member, (*path, key)))]


def replaced(value: object, path: tuple[object, ...], other: object) -> object:
    if not path:
        return other
    if isinstance(value, dict):
        return {key: replaced(member, path[1:], other) if key == path[0] else member for key, member in value.items()}
    assert isinstance(value, list)
    return [replaced(member, path[1:], other) if number == path[0] else member for number, member in enumerate(value)]


@pytest.mark.parametrize("name", connector_names())
@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_cut_json_is_never_read_as_half_a_truth(name: str, cut: int) -> None:
    for config, body in SEEDS[name]:
        text = body.rstrip()
        if not is_json(text):
            continue
        response, settings_ = answer(text[: len(text) * cut // 100], config, name)
        with pytest.raises(ParseError):
            connector(name).parse(response, settings_)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_cut_status_feed_is_never_read_as_half_a_truth(cut: int) -> None:
    for config, body in SEEDS["feed_status"]:
        text = body.rstrip()
        response, settings_ = answer(text[: len(text) * cut // 100], config, "feed_status")
        with pytest.raises(ParseError):
            connector("feed_status").parse(response, settings_)


def test_a_feed_never_opens_a_file_or_an_address(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text('<rss version="2.0"><channel><title>the canary</title><item><title>canary</title></item></channel></rss>')
    for body in (str(secret), f"file://{secret}", "http://127.0.0.1:9/feed"):
        for name in ("feed_status", "news_feed"):
            reader = connector(name)
            response = Response("https://localhost/", 200, {}, body.encode(), datetime(2026, 1, 2, tzinfo=UTC))
            with pytest.raises(ParseError, match="neither RSS nor Atom"):
                reader.parse(response, reader.spec.config.model_validate({"url": "https://localhost/"}))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_documents_with_entities_of_their_own_are_refused(encoding: str) -> None:
    text = (
        '<?xml version="1.0"?><!-- <rss> --><!doctype rss [<!ENTITY a "b">]><rss version="2.0"><channel><title>&a;</title></channel></rss>'
    )
    for name in ("feed_status", "news_feed"):
        reader = connector(name)
        response = Response("https://localhost/", 200, {}, text.encode(encoding), datetime(2026, 1, 2, tzinfo=UTC))
        with pytest.raises(ParseError, match="declares entities"):
            reader.parse(response, reader.spec.config.model_validate({"url": "https://localhost/"}))


def test_no_connector_recognises_a_web_page_or_nothing() -> None:
    page = b"<!DOCTYPE html><html><head><title>Status of incidents</title></head><body>All systems operational</body></html>"
    for body in (page, b"", b"{}", b"[]", b"null", b"plain text"):
        response = Response("https://localhost/", 200, {}, body, datetime(2026, 1, 2, tzinfo=UTC))
        assert [n for n, r in connectors().items() if isinstance(r, Recognises) and r.recognise(response) > 0] == []


@pytest.mark.parametrize("name", ["feed_status", "news_feed"])
def test_a_feed_that_would_take_too_long_is_refused_before_it_is_read(name: str) -> None:
    body = b'<rss version="2.0"><channel><title>Large</title>' + b"<item><title>a</title></item>" * 5_000 + b"</channel></rss>"
    reader = connector(name)
    response = Response("https://localhost/", 200, {}, body, datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(ParseError, match="it has 20006 tags, more than 20000"):
        reader.parse(response, reader.spec.config.model_validate({"url": "https://localhost/"}))
