"""The ways out. Each module that defines a sender (a class with ``kind`` and ``settings_model``) is one; nothing lists them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Protocol, cast

import httpx2

from secondsource.adapters.senders.secret import Secret, SenderSettings
from secondsource.contracts.sender import Sender

__all__ = ["Secret", "SenderSettings", "build", "kinds", "settings_model"]


class _SenderClass(Protocol):
    kind: ClassVar[str]
    settings_model: ClassVar[type[SenderSettings]]

    def __call__(self, settings: SenderSettings, *, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None) -> Sender: ...


@cache
def _classes() -> Mapping[str, _SenderClass]:
    found: dict[str, _SenderClass] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for _, candidate in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if candidate.__module__ == module.name and hasattr(candidate, "kind") and hasattr(candidate, "settings_model"):
                sender = cast(_SenderClass, candidate)
                if sender.kind in found:
                    raise RuntimeError(f"two senders are of kind {sender.kind!r}: {module.name} has the second")
                found[sender.kind] = sender
    return found


def kinds() -> tuple[str, ...]:
    """The kinds of channel that can be configured, sorted."""
    return tuple(sorted(_classes()))


def settings_model(kind: str) -> type[SenderSettings]:
    """What a channel of ``kind`` is configured with. Raises ``ValueError`` for a kind that there is not."""
    try:
        return _classes()[kind].settings_model
    except KeyError:
        raise ValueError(f"there is no sender of kind {kind!r}; there are {', '.join(kinds())}") from None


def build(
    kind: str, settings: Mapping[str, Any], *, now: Callable[[], datetime], transport: httpx2.AsyncBaseTransport | None = None
) -> Sender:
    """A sender of ``kind``. ``settings`` fit its :func:`settings_model`; secrets are references (``env:``, ``file:`` from the working
    folder) or :class:`Secret` themselves, and are read at each try.

    ``transport`` carries the address policy and is closed with the sender; senders that do not speak HTTP ignore it.
    Raises ``ValueError`` (pydantic's ``ValidationError`` is one) for an unknown kind or settings that do not fit; it quotes no value.
    """
    model = settings_model(kind).model_validate(dict(settings))
    return _classes()[kind](model, now=now, transport=transport)
