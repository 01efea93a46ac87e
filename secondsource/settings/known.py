"""What the settings have to be told of the rest of the program, which lies above them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
from pydantic import BaseModel

from secondsource.contracts.connector import Connector
from secondsource.contracts.rule import Rule


def _no_plans(folders: Sequence[Path]) -> Collection[str]:
    return ()


def _no_refusal(url: str, allow: Sequence[str]) -> str | None:
    return None


@runtime_checkable
class JudgesRecipients(Protocol):
    """The fields of a channel whose kind can tell whom it reaches."""

    def recipient_problem(self, recipient: str | None) -> str | None:
        """Why messages can not go to ``recipient``; None where they can."""


class Known(msgspec.Struct, frozen=True):
    """The plug-ins that there are, and what is shipped.

    ``senders`` gives, by kind of channel, the model of its fields. ``catalog`` and ``runbooks`` are the shipped folders. ``plans`` gives
    the ids of the contingency plans in folders of runbooks. ``refusal`` says why the fetcher would not go to a web address
    with these networks allowed; None where it would, as far as can be told without looking the name up.
    """

    connectors: Mapping[str, Connector]
    rules: Mapping[str, type[Rule]]
    senders: Mapping[str, type[BaseModel]]
    catalog: tuple[Path, ...] = ()
    runbooks: tuple[Path, ...] = ()
    plans: Callable[[Sequence[Path]], Collection[str]] = _no_plans
    refusal: Callable[[str, Sequence[str]], str | None] = _no_refusal
