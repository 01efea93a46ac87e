"""``secondsource risks`` against a real instance on loopback: what it prints, what it does, and how it fails."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from secondsource.cli.app import cli
from secondsource.domain.register import risk_id
from secondsource.domain.signals import Severity
from tests.support.company import at, outage
from tests.support.site import Served

RISK = risk_id("vendor_outage", "halcyon")
Run = Callable[..., Result]


@pytest.fixture
def run(served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SECONDSOURCE_API_KEY", served.site.ana)
    monkeypatch.setenv("SECONDSOURCE_URL", served.url)
    return lambda *words: CliRunner().invoke(cli({}), ["risks", *words])


def test_a_list_has_a_line_for_each_with_the_sentence(served: Served, run: Run) -> None:
    served.site.hear(
        outage(), outage(rule="price_change", subject="halcyon/m", scopes=(), title="Halcyon AI: dearer", severity=Severity.LOW)
    )
    served.site.clock.move(at(23))
    told = run()
    assert told.exit_code == 0
    first, second = [line.split("\t") for line in told.stdout.splitlines()]
    assert first[:3] == [RISK, "critical", "open"]
    assert first[3].startswith("Halcyon AI: major outage for 23 min; Support assistant (and 1 more) is hurt in 7 min; ")
    assert second[3].startswith("Halcyon AI: dearer")
    assert run("--severity", "critical").stdout.count("\n") == 1
    assert run("list", "--rule", "price_change", "--sort", "score").stdout.count("\n") == 1


def test_a_list_that_is_empty_says_so(run: Run) -> None:
    told = run()
    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "no risk is as you ask\n")


def test_closed_ones_are_listed_where_they_are_wanted(served: Served, run: Run) -> None:
    served.site.hear(outage())
    served.site.clock.move(at(1))
    assert run("close", RISK, "--reason", "done").exit_code == 0
    assert run().stdout == ""
    assert run("--all").stdout.startswith(RISK)
    assert run("--state", "closed").stdout.startswith(RISK)


def test_json_is_what_the_api_says(served: Served, run: Run) -> None:
    served.site.hear(outage())
    listed = json.loads(run("--json").stdout)["risks"]
    assert [risk["id"] for risk in listed] == [RISK]
    shown = json.loads(run("show", RISK, "--json").stdout)
    assert {**shown, **listed[0]} == shown
    done = json.loads(run("acknowledge", RISK, "--json").stdout)
    assert (done["state"], done["acknowledged_by"]) == ("acknowledged", "person:ana")


def test_long_lists_are_read_page_by_page(served: Served, run: Run) -> None:
    served.site.hear(*(outage(subject=f"aws/{n}", title=f"AWS: {n}") for n in range(205)))
    assert run("--limit", "1000").stdout.count("\n") == 205
    assert run("--limit", "203").stdout.count("\n") == 203


def test_one_risk_in_lines(served: Served, run: Run) -> None:
    served.site.hear(outage())
    lines = run("show", RISK).stdout.splitlines()
    assert lines[0].startswith("Halcyon AI: major outage for under a minute; ")
    assert "  Reaches Support assistant → Chat inference → Halcyon AI" in lines
    assert "  2025-10-20 06:48 UTC opened by detection: its page says major outage" in lines
    assert any(line.startswith("  Score current 20 of 25, extreme: ") for line in lines)


def test_acting_on_a_risk(served: Served, run: Run) -> None:
    served.site.hear(outage())
    for minute, (words, state) in enumerate(
        [
            (("acknowledge", RISK), "acknowledged"),
            (("mitigate", RISK, "--reason", "moving"), "mitigating"),
            (("accept", RISK, "--until", "2025-10-30", "--reason", "it can wait"), "accepted"),
            (("close", RISK, "--reason", "done"), "closed"),
            (("reopen", RISK, "--reason", "not done"), "open"),
        ],
        1,
    ):
        served.site.clock.move(at(minute))
        told = run(*words)
        assert told.exit_code == 0, told.stderr
        assert told.stdout.split("\t")[:3] == [RISK, "critical", state]
    history = json.loads(run("show", RISK, "--json").stdout)["history"]
    assert [change["actor"] for change in history[-5:]] == ["person:ana"] * 5


def test_the_last_day_of_an_acceptance_counts_whole(served: Served, run: Run) -> None:
    served.site.hear(outage())
    told = run("accept", RISK, "--until", "2025-10-30", "--reason", "x", "--json")
    assert json.loads(told.stdout)["accepted_until"] == "2025-10-31T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "R-none"), "refuses: There is no risk 'R-none' here.\n"),
        (("reopen", RISK, "--reason", "x"), "refuses: The risk is open; reopen is not possible from there.\n"),
        (("accept", RISK, "--reason", "x", "--until", "tomorrow"), "--until 'tomorrow' is no day; write it as 2026-03-31"),
        (("accept", RISK, "--reason", "x", "--until", "2025-10-30T12:00:00"), "does not say its zone; write it as 2025-10-30T12:00:00Z"),
        (("close", RISK), "Missing option '--reason'"),
        (("--state", "lost"), "is not one of"),
        (("--url", "localhost:8765"), "localhost:8765 is no address of an instance; write it as http://127.0.0.1:8765\n"),
        (("--url", "http://127.0.0.1:1"), "http://127.0.0.1:1 can not be reached"),
        (("show", "../vendors/aws"), "refuses: There is n"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_exit_code_2(served: Served, run: Run, words: tuple[str, ...], says: str) -> None:
    served.site.hear(outage())
    told = run(*words)
    assert (told.exit_code, told.stdout) == (2, "")
    assert says in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "there is no API key; put one into SECONDSOURCE_API_KEY"),
        ("ss_x_y", "refuses: The API key is unknown, expired or revoked."),
        ("schlüssel", "holds something that is no API key"),
        ("a\nb", "holds something that is no API key"),
    ],
)
def test_without_a_key_that_holds(run: Run, monkeypatch: pytest.MonkeyPatch, key: str, says: str) -> None:
    monkeypatch.setenv("SECONDSOURCE_API_KEY", key)
    told = run()
    assert (told.exit_code, says in told.stderr) == (2, True)
    assert not key or key not in told.stderr


def test_a_key_that_may_not_act_is_told_so(served: Served, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    served.site.hear(outage())
    monkeypatch.setenv("SECONDSOURCE_API_KEY", served.site.key("reader", "read"))
    assert run().exit_code == 0
    assert "This needs the scope respond; the key reader has read." in run("acknowledge", RISK).stderr


@pytest.mark.parametrize(
    ("answer", "says"), [(b"<html>", "is not understood"), (b'{"items": 5}', "is not understood"), (b"", "is not understood")]
)
def test_what_is_no_second_source_is_told_so(monkeypatch: pytest.MonkeyPatch, answer: bytes, says: str) -> None:
    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(answer), answer))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        monkeypatch.setenv("SECONDSOURCE_API_KEY", "ss_x_y")
        told = CliRunner().invoke(cli({}), ["risks", "--url", f"http://127.0.0.1:{listening.getsockname()[1]}"])
        thread.join()
    assert (told.exit_code, says in told.stderr) == (2, True)


def test_no_text_of_others_reaches_the_terminal_unclean(served: Served, run: Run) -> None:
    served.site.hear(outage(title="Halcyon AI: \x1b[2J\x1b]0;owned\x07 down\u202e\tx", reason="see\r\nR-fake\tlow\topen\tall is well"))
    for words in ((), ("show", RISK), ("--json",)):
        told = run(*words).stdout
        unseen = {"\x1b", "\x07", "\r"} if "--json" in words else {"\x1b", "\x07", "\r", "\u202e"}
        assert not unseen & set(told)
    assert [line.count("\t") for line in run().stdout.splitlines()] == [3]
