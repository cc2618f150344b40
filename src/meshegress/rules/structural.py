"""What the API server's schema asks of the writing itself: names in camelCase, enums by name, numbers without quotes.

Proto JSON takes more, and so does the webhook; `kubectl` then sees fields vanish, or the object refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meshegress.resources import Message
from meshegress.resources._message import WireEnum
from meshegress.resources.releases import wire_fields
from meshegress.resources.shape import shown
from meshegress.rules.problem import Path, Problem, Problems, warning

CODE = "EG281"

#: Numbers of a model that are text on the wire: timestamps, and what the schema takes in either form.
_TEXT = frozenset({"creation_timestamp", "deletion_timestamp", "observed_generation"})


def structural_problems(model: type[Message], value: Any, path: Path = ()) -> Problems:
    """Judge how *value* writes a *model*, which it has been read as."""
    if not isinstance(value, Mapping):
        return
    fields = wire_fields(model)
    for key, item in value.items():
        name, types = fields.get(key, ("", ()))
        alias = model.model_fields[name].alias if name else key
        if alias != key:
            message = f"the API server drops `{key}`: its name is `{alias}`"
            yield warning((*path, key), message, f"write `{alias}`")
        for kind in () if name in _TEXT else types:
            yield from _value_problems(kind, item, (*path, key))


def _value_problems(kind: type, value: Any, path: Path) -> Problems:
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _value_problems(kind, item, (*path, index))
    elif issubclass(kind, Message):
        yield from structural_problems(kind, value, path)
        for key, item in _entries(kind, value):
            yield from structural_problems(kind, item, (*path, key))
    elif issubclass(kind, WireEnum) and isinstance(value, (int, float)):
        yield Problem(path, f"the API server takes no number for {shown(value)}", "write the name of the value")
    elif kind is int and isinstance(value, str):
        yield Problem(path, f"the API server takes no quoted number {shown(value)}", "remove the quotes")


def _entries(kind: type[Message], value: Any) -> Iterator[tuple[str, Any]]:
    """Give the entries of a map from text to messages; what has a field of the message is one itself."""
    if isinstance(value, Mapping) and not any(key in wire_fields(kind) for key in value):
        yield from ((key, item) for key, item in value.items() if isinstance(item, Mapping))
