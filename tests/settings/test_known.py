"""What this installation has, as the settings are told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from secondsource.adapters import plugins
from secondsource.adapters.known import known, plans_in, refusal
from secondsource.adapters.shipped import shipped
from secondsource.cli.app import cli
from secondsource.domain.errors import UserError
from secondsource.settings.load import load
from services.command import STARTS
from tests.settings.bench import written


def test_every_plug_in_is_known() -> None:
    found = known()
    assert tuple(found.connectors) == plugins.connector_names()
    assert len(found.connectors) == len(plugins.connector_names())
    assert set(found.rules) == set(plugins.rule_names())
    assert {"slack", "email", "webhook"} <= set(found.senders)
    assert "nobody" not in found.connectors
    assert found.catalog == (shipped("catalog"),)
    assert {"model-api-failover", "region-failover"} <= set(found.plans(found.runbooks))
    assert plans_in([]) == frozenset()


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A connector that can not be loaded."""
    import connectors

    (tmp_path / "fragile.py").write_text("raise RuntimeError('broken')\n", encoding="utf-8")
    monkeypatch.setattr(connectors, "__path__", [*connectors.__path__, str(tmp_path)])
    plugins._modules.cache_clear()
    yield
    plugins._modules.cache_clear()


def test_a_broken_connector_hinders_only_who_uses_it(broken: None, tmp_path: Path) -> None:
    assert load(written(tmp_path, "sources: [github]"), known()).sources
    with pytest.raises(UserError, match=r"the connector 'fragile'.*can not be loaded: RuntimeError: broken"):
        load(written(tmp_path, "sources: [{vendor: github, connector: fragile}]"), known())


@pytest.mark.parametrize(
    ("url", "allow", "said"),
    [
        ("https://status.example.com/x", (), None),
        ("https://8.8.8.8/", (), None),
        ("https://[2606:4700::1]/", (), None),
        ("http://127.0.0.1:9090", (), "127.0.0.1 is not a public address (loopback)"),
        ("http://127.0.0.1:9090", ("127.0.0.0/8",), None),
        ("http://10.1.2.3", ("10.2.0.0/16",), "10.1.2.3 is not a public address (private)"),
        ("http://[fd00::7]", (), "fd00::7 is not a public address (unique local)"),
        ("http://localhost:9090", (), "localhost is a name inside your network"),
        ("http://prometheus:9090", (), "prometheus is a name inside your network"),
        ("http://prometheus.monitoring.svc", (), "is a name inside your network"),
        ("http://prometheus.example.internal", (), "is a name inside your network"),
        ("http://prometheus:9090", ("10.0.0.0/8",), None),
        ("http://169.254.169.254", ("169.254.0.0/16",), "cloud metadata service"),
        ("https://user:canary@status.example.com", (), "a URL with a user name or password"),
        ("http://0x7f.1/", (), "a numeric host must be four decimal numbers"),
        ("http://10.1.2.3", ("nonsense",), None),  # told where the network stands
    ],
)
def test_addresses_that_would_never_be_read(url: str, allow: tuple[str, ...], said: str | None) -> None:
    found = refusal(url, allow)
    assert (found is None) == (said is None)
    assert said is None or (found is not None and said in found and "canary" not in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: [opena]", "secondsource.yaml:1:11: sources[0]: there is no vendor 'opena'; did you mean openai?"),
        (
            "sources: [{vendor: openai, connector: statuspag}]",
            "sources[0].connector: there is no connector 'statuspag'; did you mean statuspage?",
        ),
        ("sources: [", "secondsource.yaml:1:11: not YAML"),
        ("", "secondsource.yaml:1:1: the file is empty"),
        ("channels: {ops: {kind: slack, token: env:NO_SUCH_TOKEN}}", "channels.ops.token: the environment has no variable NO_SUCH_TOKEN"),
        ("channels: {ops: {kind: slack, token: xoxb-canary}}", "channels.ops.token: a secret is not written here but referred to"),
    ],
)
def test_up_says_in_a_sentence_what_is_wrong_with_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, text)
    result = CliRunner().invoke(cli(STARTS), ["up"])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert said in result.stderr
    assert "canary" not in result.stderr
