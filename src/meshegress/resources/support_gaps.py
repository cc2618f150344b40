"""What in a message the library does not follow: fields that are not modelled, not known, or overruled by another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import NoneType
from typing import Any, get_args

from meshegress.resources._message import FrozenMap, Message, Support

Path = tuple[str | int, ...]


def value_at(message: Message, path: Path) -> Any:
    """Return the value at *path* in *message*, whose names are those of the wire."""
    value: Any = message
    for part in path:
        value = getattr(value, _attributes(type(value))[str(part)]) if isinstance(value, Message) else value[part]
    return value


@cache
def _attributes(model: type[Message]) -> dict[str, str]:
    return {field.alias or name: name for name, field in model.model_fields.items()}


def limits(message: Message, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Give the path of each value in *message* that the library does not follow, and why.

    It is ``unsupported``, ``unknown``, or ``overruled`` by another field that excludes it.
    """
    if _is_followed(message):
        return
    if not message.OTHERS_HARMLESS:
        for name in message.unknown:
            if name not in message.OTHERS_KNOWN:
                yield (*path, name), "overruled" if name in _attributes(type(message)) else "unknown"
    for name, alias, support in _watched(type(message)):
        value = getattr(message, name)
        if support is Support.UNSUPPORTED and value:
            yield (*path, alias), "unsupported"
        for key, inner in _inside(value):
            yield from limits(inner, (*path, alias, *key))


def _is_followed(message: Message) -> bool:
    """Tell whether there is nothing to give of *message*, which is nearly always so."""
    extra = message.__pydantic_extra__
    if extra and not message.OTHERS_HARMLESS and not extra.keys() <= message.OTHERS_KNOWN:
        return False
    values = message.__dict__
    for name, _, support in _watched(type(message)):
        value = values[name]
        if not value and value.__class__ in _EMPTY:
            continue
        if support is Support.UNSUPPORTED and value:
            return False
        if not _holds_followed(value):
            return False
    return True


def _holds_followed(value: Any) -> bool:
    """Tell whether there is nothing to give of the messages in the *value* of a field."""
    if isinstance(value, Message):
        return _is_followed(value)
    members = value if value.__class__ is tuple else value.values() if isinstance(value, dict) else ()
    for each in members:  # noqa: SIM110  # `all` would take as long again
        if isinstance(each, Message) and not _is_followed(each):
            return False
    return True


_EMPTY = (tuple, FrozenMap, NoneType)


def _inside(value: Any) -> list[tuple[Path, Message]]:
    """Return the messages in the *value* of a field, and where they stand in it."""
    if isinstance(value, Message):
        return [((), value)]
    items = enumerate(value) if isinstance(value, tuple) else value.items() if isinstance(value, dict) else ()
    return [((key,), item) for key, item in items if isinstance(item, Message)]


@cache
def _watched(model: type[Message]) -> tuple[tuple[str, str, Support], ...]:
    """Return the fields of *model* that may hold what is not followed: messages, and what is unsupported."""
    return tuple(
        (name, model.model_fields[name].alias or name, support)
        for name, support in model.support()
        if support is Support.UNSUPPORTED or _holds_messages(model.model_fields[name].annotation)
    )


def _holds_messages(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Message):
        return True
    return any(_holds_messages(part) for part in get_args(annotation))
