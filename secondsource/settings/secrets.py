"""Secrets: written in the configuration as references, read when they are needed, and never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from secondsource.domain.errors import UserError

REFERENCE = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$"
HIDDEN = "***"


class SecretError(UserError, LookupError):
    """A secret can not be read. The sentence names where it was looked for, and holds nothing of it."""


class Secret:
    """A value that prints as ``***``.

    In files it is ``env:NAME`` or ``file:PATH`` (relative to the file that says so). It is read anew each time, so that a
    secret that was changed needs no restart.
    """

    __slots__ = ("_name", "_read")

    def __init__(self, name: str, read: Callable[[], str]) -> None:
        """``name`` tells two secrets apart; ``read`` gives the value or raises :class:`SecretError`."""
        self._name = name
        self._read = read

    @classmethod
    def parse(cls, text: object, folder: Path) -> Secret:
        """The secret that ``text`` refers to. Raises ``ValueError`` for anything but a reference, without repeating it."""
        if not isinstance(text, str) or not re.fullmatch(REFERENCE, text):
            raise ValueError("a secret is not written here but referred to: env:NAME for a variable, file:PATH for a file")
        kind, _, rest = text.partition(":")
        if kind == "env":
            return cls(text, lambda: _variable(rest))
        path = folder / os.path.expanduser(rest)
        return cls(f"file:{path}", lambda: _content(path))

    def reveal(self) -> str:
        """The value itself, without the line end that files have. Raises :class:`SecretError`."""
        return self._read()

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def validate(value: object, info: core_schema.ValidationInfo) -> Secret:
            if isinstance(value, Secret):
                return value
            return cls.parse(value, (info.context or {}).get("folder", Path()))

        return core_schema.with_info_plain_validator_function(
            validate, serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema())
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": REFERENCE, "examples": ["env:SLACK_TOKEN", "file:/run/secrets/slack"]}


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretError(f"the environment has no variable {name}; set it before the program starts")
    if not value.strip():
        raise SecretError(f"the variable {name} is empty")
    return value.strip()


def _content(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise SecretError(f"the secret's file {path} is not text") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise SecretError(f"the secret's file {path} can not be read: {reason or 'its name is not one'}") from None
    if not value:
        raise SecretError(f"the secret's file {path} is empty")
    return value
