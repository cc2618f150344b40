"""The mesh configuration in the values of Helm charts: at the top, or below the names of subcharts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]

_MESH = "meshConfig"
#: Below these stand the defaults of Istio's own charts.
_DEFAULTS = ("defaults", "_internal_defaults_do_not_set", "global")
_CHART = re.compile(r"[a-z0-9](?:[-a-z0-9_.]*[a-z0-9])?\Z")
#: Words that look like the name of a chart, and stand for something else.
_NOT_CHARTS = frozenset({
    "annotations", "args", "config", "data", "definitions", "env", "examples", "items", "labels", "metadata",
    "properties", "resources", "schema", "spec", "template",
})  # fmt: skip
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class ValuesMesh:
    """A mesh configuration in values: the path to it, its value, its revision, and istiod's flags beside it."""

    path: Path
    parent: Path
    value: Any
    revision: str
    environment: Mapping[str, str]


def meshes_of_values(values: Any, path: Path = ()) -> Iterator[ValuesMesh]:
    """Give the mesh configurations in *values*, which stand at *path* in those of a parent chart.

    >>> [found.path for found in meshes_of_values({"istio": {"istiod": {"meshConfig": {}}}})]
    [('istio', 'istiod', 'meshConfig')]
    >>> [found.path for found in meshes_of_values({"properties": {"meshConfig": {}}})]
    []
    """
    if not isinstance(values, Mapping) or len(path) > _DEEPEST:
        return
    environment = text_map(value_at(values, "pilot", "env"))
    value = values.get(_MESH)
    if isinstance(value, Mapping) or environment:
        value = value if isinstance(value, Mapping) else None
        inner = path if value is None else (*path, _MESH)
        yield ValuesMesh(inner, path, value, _revision(values), environment)
    for key, below in values.items():
        if key in _DEFAULTS or (isinstance(key, str) and key not in _NOT_CHARTS and _CHART.match(key)):
            yield from meshes_of_values(below, (*path, key))


def _revision(values: Mapping[Any, Any]) -> str:
    revision = values.get("revision")
    return revision if isinstance(revision, str) else ""


def value_at(value: Any, *path: str | int) -> Any:
    """Return what stands at *path* in *value*; None where nothing does.

    >>> value_at({"a": [{"b": 1}]}, "a", 0, "b"), value_at({}, "a", "b")
    (1, None)
    """
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def text_map(value: Any) -> dict[str, str]:
    """Return a mapping of *value* from text to text, as containers have their environment.

    >>> text_map({"A": True, "B": "x"}), text_map(None)
    ({'A': 'true', 'B': 'x'}, {})
    """
    if not isinstance(value, Mapping):
        return {}
    return {
        str(key): str(held).lower() if isinstance(held, bool) else str(held)
        for key, held in value.items()
        if not isinstance(held, (Mapping, list, type(None)))
    }


def merged(under: Any, over: Any) -> Any:
    """Return *over* laid on *under*: mappings are put together, of anything else the upper one counts.

    >>> merged({"a": {"x": 1}, "b": [1]}, {"a": {"y": 2}, "b": [2]})
    {'a': {'x': 1, 'y': 2}, 'b': [2]}
    """
    if over is None:
        return under
    if not isinstance(under, Mapping) or not isinstance(over, Mapping):
        return over
    return {**under, **{key: merged(under.get(key), value) for key, value in over.items()}}
