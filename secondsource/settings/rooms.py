"""Reads a configuration part by part, so that a mistake in one entry hides none in the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

from secondsource.settings.file import Configuration
from secondsource.settings.forms import read
from secondsource.settings.say import Say, instead

# Their values are not repeated in sentences: someone may have written a secret there in plain text.
DELICATE = frozenset({"channels", "credentials", "api", "heartbeat"})


class Rooms:
    """What of a file has the right form.

    ``configuration`` holds the sound entries; ``declared`` tells, by room, the names of all entries, so that one with a mistake is
    not said to be missing too. ``indices`` are the places of the sound entries of lists in the file.
    """

    def __init__(self, say: Say, folder: Path) -> None:
        self._say = say
        self._folder = folder
        self.declared: dict[str, frozenset[str]] = {}
        self._indices: dict[str, tuple[int, ...]] = {}
        value = say.document.value
        sound: dict[str, Any] = {}
        if not isinstance(value, dict):
            say("a configuration is a mapping, such as `sources: [openai]`")
            value = {}
        for name in value:
            if name not in Configuration.model_fields:
                say(f"there is no field `{name}` here; {instead(name, Configuration.model_fields)}", str(name))
        for name, field in Configuration.model_fields.items():
            if value.get(name) is not None:
                sound[name] = self._room(name, field, value[name])
        self.configuration = Configuration.model_construct(**{name: found for name, found in sound.items() if found is not None})

    def unsound(self, room: str) -> frozenset[str]:
        """The names of entries with mistakes, of a room whose entries have names."""
        sound: Mapping[str, Any] = getattr(self.configuration, room)
        return self.declared.get(room, frozenset()) - sound.keys()

    def indexed(self, room: str) -> Iterator[tuple[int, Any]]:
        """The sound entries of a list, with their places in the file."""
        return zip(self._indices.get(room, ()), getattr(self.configuration, room), strict=True)

    def _room(self, name: str, field: FieldInfo, value: Any) -> Any:
        origin, arguments = get_origin(field.annotation), get_args(field.annotation)
        if origin is dict and isinstance(value, dict):
            return self._entries(name, arguments[0], arguments[1], value)
        if origin is tuple and isinstance(value, list):
            found = [(index, self._read(arguments[0], inner, name, index)) for index, inner in enumerate(value)]
            self._indices[name] = tuple(index for index, inner in found if inner is not None)
            return tuple(inner for _, inner in found if inner is not None)
        return self._read(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation, value, name)

    def _entries(self, name: str, key_type: Any, type_: Any, value: dict[Any, Any]) -> dict[str, Any]:
        self.declared[name] = frozenset(str(key) for key in value)
        found = {}
        for key, inner in value.items():
            if not isinstance(key, str):
                self._say(f"an id is a text, and YAML reads this as something else: put it in quotes, {str(key)!r}", name, str(key))
                continue
            sound = read(key_type, key, self._say, name, key, folder=self._folder)
            entry = self._read(type_, inner, name, key)
            if sound is not None and entry is not None:
                found[sound] = entry
        return found

    def _read(self, type_: Any, value: Any, name: str, *loc: str | int) -> Any:
        return read(type_, value, self._say, name, *loc, folder=self._folder, quote=name not in DELICATE)
