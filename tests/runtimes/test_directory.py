"""Whom a runbook means, and where they can be reached."""

from __future__ import annotations

from secondsource.domain.portfolio import Person
from secondsource.runtimes.directory import Address, Channel, Directory

ANA = Person("ana", "Ana", "ana@example.org", "U1", ("on-call",))
BEN = Person("ben", "Ben", None, "U2", ("on-call", "duty-manager"))
SLACK, MAIL = Channel("chat", "slack", "C1"), Channel("mail", "email", "")


def test_people_are_reached_by_every_way_that_they_have() -> None:
    directory = Directory([ANA, BEN], [SLACK, MAIL])
    assert directory.addresses("role:on-call") == (
        Address("chat", "U1", "Ana"),
        Address("mail", "ana@example.org", "Ana"),
        Address("chat", "U2", "Ben"),
    )
    assert directory.addresses("person:ben") == (Address("chat", "U2", "Ben"),)


def test_a_channel_is_its_own_place_and_one_without_a_place_is_none() -> None:
    directory = Directory([], [SLACK, MAIL])
    assert directory.addresses("channel:chat") == (Address("chat", "C1", "C1"),)
    assert directory.addresses("channel:mail") == ()
    assert directory.addresses("channel:pager") == ()


def test_what_is_meant_for_nobody_goes_to_the_first_channel_that_has_a_place() -> None:
    assert Directory([ANA], [MAIL, SLACK]).addresses("role:duty-manager") == (Address("chat", "C1", "C1"),)
    lost = Person("cy", "Cy", "cy@example.org", None, ("duty-manager",))
    assert Directory([lost], [SLACK]).addresses("person:cy") == (Address("chat", "C1", "C1"),)  # there is no way to mail
    assert Directory([lost], [Channel("chat", "slack", "")]).addresses("person:cy") == ()
