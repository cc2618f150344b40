"""What could stand where a value cannot be read: other values of its type, so that the rest can be judged all the same.

What holds of an object whatever stands there holds of it as it is. The values are few and unlike: nothing, the
smallest, everything at once, each field alone, and the words and numbers that the object itself uses elsewhere.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from meshegress.resources._message import Message, wire_name
from meshegress.resources.printing import plain
from meshegress.resources.reading import read
from meshegress.resources.releases import wire_fields

Path = tuple[str | int, ...]
M = TypeVar("M", bound=Message)

RUNS = 128
_ABSENT = object()
_TEXTS = ("a.com", "", "a", "*.a.com", "10.0.0.1", "10.0.0.0/8", "unix:///a", "HTTP", "TLS", "TCP", ".", "*", "mesh")
_FORMATS = ("5s", "2024-01-01T00:00:00Z", "YQ==")
_NUMBERS = (1, 0, 80, 100, 301, 65535)


@dataclass(frozen=True, slots=True)
class _Words:
    """What an object says elsewhere: its texts and numbers, a reasonable number of them."""

    texts: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()

    @classmethod
    def of(cls, value: Any) -> _Words:
        """Return the words of *value*."""
        found = list(islice(_leaves(value), 400))
        texts = dict.fromkeys(one for one in found if isinstance(one, str))
        numbers = dict.fromkeys(one for one in found if isinstance(one, (int, float)) and not isinstance(one, bool))
        return cls(tuple(islice(texts, 96)), tuple(islice(numbers, 24)))


def substitutions(model: type[M], value: Any, unreadable_paths: Sequence[Path]) -> Iterator[M]:
    """Yield *model* of *value* with one and another thing at *unreadable_paths*, where values have the wrong shape.

    >>> from meshegress.resources import ServiceEntry
    >>> first, *_ = substitutions(ServiceEntry, {"spec": {"hosts": 1, "exportTo": ["."]}}, [("spec", "hosts")])
    >>> first.spec.hosts, first.spec.export_to
    ((), ('.',))
    """
    if () in unreadable_paths:
        return  # nothing of it is of the right shape
    words = _Words.of(value)
    offers = [_Offer(_fitting(model, path, words)) for path in unreadable_paths]
    for run in range(RUNS):
        if run and all(offer.is_spent for offer in offers):
            return
        filled = plain(value)
        for path, offer in zip(unreadable_paths, offers, strict=True):
            if not offer.put(filled, path, run):
                return
        completed = read(model, filled)
        if not isinstance(completed, tuple):
            yield completed


class _Offer:
    """What can stand in one place: made as it is needed, and offered again from the start once it is spent."""

    def __init__(self, samples: Iterator[Any]) -> None:
        self._samples = samples
        self._made: list[Any] = []
        self.is_spent = False

    def put(self, value: Any, path: Path, run: int) -> bool:
        """Put what *run* has to offer at *path* of *value*; return whether there is something."""
        made = next(self._samples, self)
        if made is not self:
            self._made.append(made)
        self.is_spent = made is self
        if not self._made:
            return False
        for part in path[:-1]:
            value = value[part]
        if type(value) not in (dict, list):
            return False  # it is not a value of the wire, such as a generator
        if (sample := self._made[run % len(self._made)]) is _ABSENT:
            del value[path[-1]]
        else:
            value[path[-1]] = sample
        return True


def is_inside(path: Path, hole: Path) -> bool:
    """Tell whether *path* leads to the value at *hole* or into it; either spelling of a name will do.

    >>> is_inside(("spec", "exportTo", 0), ("spec", "export_to"))
    True
    """
    return [wire_name(str(part)) for part in path[: len(hole)]] == [wire_name(str(part)) for part in hole]


def _fitting(model: type[Message], path: Path, words: _Words) -> Iterator[Any]:
    """Give what can stand at *path* in a *model*; first of all nothing, where that is a field."""
    if any(str(path[-1]) in wire_fields(kind) for kind in _messages(_annotation_at(model, path[:-1]))):
        yield _ABSENT
    yield from (sample for sample in _samples(_annotation_at(model, path), words) if _fits(model, path, sample))


def _fits(model: type[Message], path: Path, sample: Any) -> bool:
    for part in reversed(path):
        sample = [sample] if isinstance(part, int) else {part: sample}
    return not isinstance(read(model, sample), tuple)


def _annotation_at(model: type[Message], path: Path) -> Any:
    annotation: Any = model
    for part in path:
        annotation = next(_steps(annotation, part), Any)
    return annotation


def _steps(annotation: Any, part: str | int) -> Iterator[Any]:
    """Give what *part* leads to from a value of *annotation*."""
    for kind in _kinds(annotation):
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(kind, type) and issubclass(kind, Message):
            name, _ = wire_fields(kind).get(str(part), ("", ()))
            yield from (kind.model_fields[name].annotation,) if name else ()
        elif origin in (tuple, dict):
            yield arguments[origin is dict]


def _messages(annotation: Any) -> Iterator[type[Message]]:
    return (kind for kind in _kinds(annotation) if isinstance(kind, type) and issubclass(kind, Message))


def _kinds(annotation: Any) -> Iterator[Any]:
    """Give the types that *annotation* allows, besides None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif annotation is not type(None):
        yield annotation


def _samples(annotation: Any, words: _Words) -> Iterator[Any]:
    for kind in _kinds(annotation):
        if get_origin(kind) is tuple:
            yield []
            yield from ([sample] for sample in _samples(get_args(kind)[0], words))
        elif get_origin(kind) is dict:
            yield {}
            yield from ({word: _full(get_args(kind)[1], word)} for word in ("a", *words.texts))
        elif isinstance(kind, type) and issubclass(kind, Message):
            yield from ({}, _full(kind))
            yield from (_full(kind, word) for word in words.texts)
            yield from ({name: value} for name, value in _full(kind).items())
        else:
            yield from _scalars(kind, words)


def _scalars(kind: Any, words: _Words) -> Iterator[Any]:
    if kind is bool:
        yield from (True, False)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        yield from (member.value for member in kind)
    elif kind in (int, float):
        yield from (*_NUMBERS, *words.numbers)
    else:
        yield from (*words.texts, *_TEXTS, *_FORMATS, *_NUMBERS)


@lru_cache(maxsize=4096)
def _full(annotation: Any, word: str = _TEXTS[0]) -> Any:
    """Return a value that leaves nothing out, and says *word* where it can."""
    kind = next(_kinds(annotation))
    if get_origin(kind) is tuple:
        return [_full(get_args(kind)[0], word)]
    if get_origin(kind) is dict:
        return {word: _full(get_args(kind)[1], word)}
    if not (isinstance(kind, type) and issubclass(kind, Message)):
        return next(_scalars(kind, _Words((word,))))
    fields = ((field.alias or name, field.annotation) for name, field in kind.model_fields.items())
    found = {
        name: next((one for one in _filling(what, word) if _fits(kind, (name,), one)), None) for name, what in fields
    }
    return {name: value for name, value in found.items() if value is not None}


def _filling(annotation: Any, word: str) -> Iterator[Any]:
    yield _full(annotation, word)
    for kind in _kinds(annotation):
        yield from _scalars(kind, _Words())


def _leaves(value: Any) -> Iterator[Any]:
    """Give the scalars in *value*, and the keys of its mappings."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
