"""Plain values to models: the one place that reads what was loaded, and takes `null` as proto JSON does.

A `null` is the field left out; in a list or a map it is the empty value of its type. Few people write it, so the value
is first read as it is, and repaired only where that fails.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from meshegress.resources._message import Message
from meshegress.resources.printing import plain
from meshegress.resources.shape import shape_problems, shown

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class ShapeProblem:
    """A value of the wrong shape: where, what, and the cure."""

    path: tuple[str | int, ...]
    message: str
    help: str = ""


def read(model: type[M], value: Any) -> M | tuple[ShapeProblem, ...]:
    """Return the *model* that *value* is, or every problem of its shape.

    >>> from meshegress.resources import ServiceEntry
    >>> read(ServiceEntry, {"spec": {"hosts": None}}).spec.hosts
    ()
    >>> read(ServiceEntry, {"spec": {"hosts": [1]}})[0].path
    ('spec', 'hosts', 0)
    """
    found = _read_repaired(model, value)
    problem = _numeric_timestamp(value)
    if problem is None:
        return found
    others = found if isinstance(found, tuple) else ()
    return (problem, *(other for other in others if other.path != problem.path))


def _read_repaired(model: type[M], value: Any) -> M | tuple[ShapeProblem, ...]:
    try:
        return _read(model, value)
    except ValidationError as error:
        nulls = [item for item in error.errors(include_url=False, include_context=False) if item["input"] is None]
        if not nulls:
            return _problems(error, value)
    repaired = plain(value)
    for item in sorted(nulls, key=lambda item: str(item["loc"]), reverse=True):
        _repair(repaired, item)
    try:
        return _read(model, repaired)
    except ValidationError as error:
        return _problems(error, repaired)


def _numeric_timestamp(value: Any) -> ShapeProblem | None:
    """Return the problem of a timestamp that is a number: models take one, and the wire does not."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    if not isinstance(metadata, Mapping):
        return None
    seconds = metadata.get("creationTimestamp")
    if seconds is None or isinstance(seconds, str):
        return None
    path = ("metadata", "creationTimestamp")
    return ShapeProblem(path, f"{shown(seconds)} is not a timestamp", "write one such as `2024-01-01T00:00:00Z`")


def _read(model: type[M], value: Any) -> M:
    result: M = model.__pydantic_validator__.validate_python(value)
    return result


def _problems(error: ValidationError, value: Any) -> tuple[ShapeProblem, ...]:
    problems = (ShapeProblem(_real_path(path, value), *rest) for path, *rest in shape_problems(error))
    return tuple({problem.path: problem for problem in problems}.values())


def _real_path(location: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    """Return the part of *location* that leads through *value*; the rest names a branch of a type."""
    part: Any
    for depth, part in enumerate(location):
        try:
            value = value[part] if isinstance(value, (Mapping, list, tuple)) else None
        except (LookupError, TypeError):
            return location[:depth]
        if value is None:
            return location[: depth + 1]
    return location


_EMPTY: dict[str, Any] = {
    "string_type": "",
    "bool_type": False,
    "tuple_type": [],
    "wire_number": 0,
    "model_type": {},
    "model_attributes_type": {},
    "dict_type": {},
}


def _repair(value: Any, item: ErrorDetails) -> None:
    """Take the null at the place of *item* away, or put the empty value of its type there."""
    path = _real_path(item["loc"], value)
    if not path:
        return
    for part in path[:-1]:
        value = value[part]
    if not isinstance(value, (dict, list)):
        return
    last: Any = path[-1]
    empty = _EMPTY.get(item["type"])
    if isinstance(value, list) or _is_map(path):
        value[last] = copy.copy(empty)
    else:
        value.pop(last, None)


_MAPS = frozenset({
    "headers", "withoutHeaders", "without_headers", "queryParams", "query_params", "labels", "annotations", "selector",
    "matchLabels", "match_labels", "sourceLabels", "source_labels", "ports", "set", "add", "to",
})  # fmt: skip


def _is_map(path: tuple[str | int, ...]) -> bool:
    """Tell whether the value at *path* stands in a map, where it has a value, and not in a message."""
    return len(path) > 1 and path[-2] in _MAPS
