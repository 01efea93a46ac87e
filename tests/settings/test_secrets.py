"""Secrets are read when they are needed, and nothing ever shows them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from secondsource.settings.plugged import secrets_in
from secondsource.settings.secrets import Secret, SecretError
from secondsource.settings.settings import ConfigError
from tests.settings.bench import CORPUS, KNOWN, problems, settings

CANARY = "canary-4711"


class Holder(BaseModel):
    model_config = ConfigDict(frozen=True)

    token: Secret
    more: dict[str, Secret] = {}


def test_a_variable_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret.parse("env:SECOND_SOURCE_TEST", Path())
    with pytest.raises(SecretError, match="no variable SECOND_SOURCE_TEST"):
        secret.reveal()
    monkeypatch.setenv("SECOND_SOURCE_TEST", f"{CANARY}\n")
    assert secret.reveal() == CANARY
    monkeypatch.setenv("SECOND_SOURCE_TEST", "other")
    assert secret.reveal() == "other"
    monkeypatch.setenv("SECOND_SOURCE_TEST", " ")
    with pytest.raises(SecretError, match="is empty"):
        secret.reveal()


def test_a_file_is_found_beside_the_one_that_names_it(tmp_path: Path) -> None:
    secret = Secret.parse("file:token", tmp_path)
    with pytest.raises(SecretError, match=r"token can not be read: No such file"):
        secret.reveal()
    (tmp_path / "token").write_text(f"{CANARY}\n", encoding="utf-8")
    assert secret.reveal() == CANARY
    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SecretError, match="is not text"):
        secret.reveal()
    (tmp_path / "token").write_text("", encoding="utf-8")
    with pytest.raises(SecretError, match="is empty"):
        secret.reveal()
    assert Secret.parse(f"file:{tmp_path / 'token'}", Path("/nowhere")) == secret
    with pytest.raises(SecretError, match="its name is not one"):
        Secret.parse("file:a\0b", tmp_path).reveal()


@pytest.mark.parametrize(
    "text", ["", CANARY, "env:", "env:A B", "env:1A", "file:", "ENV:A", 4711, None, ["env:A"], f"https://{CANARY}", "env:A\n"]
)
def test_what_is_no_reference_is_refused_without_being_repeated(text: object) -> None:
    with pytest.raises(ValueError, match="referred to: env:NAME") as caught:
        Secret.parse(text, Path())
    assert CANARY not in str(caught.value)


def test_it_prints_as_stars() -> None:
    secret = Secret(CANARY, lambda: CANARY)
    holder = Holder(token=secret, more={"a": secret})
    shown = [
        repr(secret), str(secret), f"{secret}", f"{secret!r:>10}", repr(holder), str(holder), holder.model_dump_json(),
        json.dumps(holder.model_dump(mode="json")), to_json({"a": secret}, fallback=str).decode(), repr({"a": [secret]}),
    ]  # fmt: skip
    assert all("***" in text and CANARY not in text for text in shown)
    assert not hasattr(secret, "__dict__")


def test_equal_references_are_equal() -> None:
    a, b, c = Secret.parse("env:A", Path()), Secret.parse("env:A", Path("/x")), Secret.parse("env:B", Path())
    assert (a == b, a == c, hash(a) == hash(b), a == "env:A") == (True, False, True, False)


def test_secrets_are_found_wherever_they_are() -> None:
    holder = Holder(token=Secret("1", str), more={"a": Secret("2", str)})
    assert [loc for _, loc in secrets_in({"x": [holder]}, ("top",))] == [("top", "x", 0, "token"), ("top", "x", 0, "more", "a")]


def test_missing_secrets_are_told_with_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (CORPUS / "whole.good.yaml").read_text(encoding="utf-8").replace("/run/secrets", "secrets")
    for name in ("PROMETHEUS_TOKEN", "VENDOR_KEY", "SLACK_TOKEN", "MAIL", "PAGER", "TEAM", "DEAD_MAN"):
        monkeypatch.delenv(name, raising=False)
    found = settings(tmp_path, text)
    missing = found.missing_secrets()
    assert [problem.text.partition(":")[0] for problem in missing] == [
        "channels.ops.token", "channels.mail.password", "channels.pager.secret", "channels.pager.url", "channels.pager.headers.X-Team",
        "credentials.prometheus.bearer", "credentials.billing.basic.password", "credentials.vendor.header.value", "api.secret",
        "heartbeat.url",
    ]  # fmt: skip
    assert str(missing[0]) == (
        f"{tmp_path / 'secondsource.yaml'}:27:41: channels.ops.token: the environment has no variable SLACK_TOKEN; "
        "set it before the program starts"
    )
    with pytest.raises(ConfigError) as caught:
        found.require_secrets()
    assert caught.value.problems == missing
    for name in ("PROMETHEUS_TOKEN", "VENDOR_KEY", "SLACK_TOKEN", "MAIL", "PAGER", "TEAM", "DEAD_MAN"):
        monkeypatch.setenv(name, CANARY)
    (tmp_path / "secrets").mkdir()
    for name in ("billing", "pager", "session"):
        (tmp_path / "secrets" / name).write_text(CANARY, encoding="utf-8")
    found.require_secrets()
    assert found.missing_secrets() == ()


def test_nothing_of_a_configuration_shows_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TOKEN", CANARY)
    found = settings(
        tmp_path,
        "channels:\n  a: {kind: slack, token: env:TOKEN}\n"
        "  b: {kind: webhook, to: 'https://b.example', secret: env:TOKEN, headers: {X: env:TOKEN}}\n"
        "credentials: {c: {bearer: env:TOKEN}, d: {basic: {username: x, password: env:TOKEN}}}\n"
        "heartbeat: {url: env:TOKEN, every: 5m}\napi: {secret: env:TOKEN}\n",
    )
    found.require_secrets()
    assert {use.secret.reveal() for use in found.secrets} == {CANARY}
    assert len(found.secrets) == 7
    assert CANARY not in repr(found) + str(found) + caplog.text


def test_what_stands_in_place_of_a_secret_is_not_repeated() -> None:
    path = CORPUS / "secrets.bad.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(CANARY) > 10
    with pytest.raises(ConfigError) as caught:
        settings_of(path)
    assert CANARY not in str(caught.value) + repr(caught.value) + repr(caught.value.problems)
    assert caught.value.__cause__ is None


def settings_of(path: Path) -> object:
    from secondsource.settings.load import load

    return load(path, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "sources: [{vendor: halcyon, connector: statuspage, url: 'htp://h.example/?key=canary-4711'}]",
        "sources: [{vendor: halcyon, connector: statuspage, url: 'https://me:canary-4711@h.example/'}]",
        "api: {public_url: 'ftp://canary-4711'}",
        "api: {host: [canary-4711]}",
        "heartbeat: canary-4711",
        "credentials: {a: canary-4711}",
        "credentials: [canary-4711]",
        "channels: canary-4711",
        "channels: {ops: canary-4711}",
        "channels: {ops: {kind: slack, token: env:X, timeout: canary-4711}}",
        "channels: {ops: {kind: webhook, secret: env:X, headers: canary-4711}}",
        "channels: {ops: {kind: email, host: h, sender: a@b.example, username: canary-4711}}",
    ],
)
def test_values_that_may_be_secrets_are_not_repeated(tmp_path: Path, text: str) -> None:
    found = problems(tmp_path, text)
    assert found
    assert CANARY not in "".join(found)
