"""What every model is built on: a frozen message in proto JSON, its field types, and its support marks.

A message takes `camelCase` and `snake_case`, enums by name or number, quoted integers, and keeps what it does not know.
Each field is declared with :func:`honoured`, :func:`harmless` or :func:`unsupported`: together, the one table of
what the library models.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, NoReturn, Protocol, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import core_schema

from meshegress.errors import ResourceError
from meshegress.findings import Source
from meshegress.resources.printing import plain, timestamp_text, yaml_text
from meshegress.resources.shape import shape_findings

Factory = Callable[[], Any] | None


class Support(Enum):
    """What the library makes of a field: it decides with it, need not look at it, or cannot yet."""

    HONOURED = "honoured"
    HARMLESS = "harmless"
    UNSUPPORTED = "unsupported"


def honoured(default: Any = None, *, factory: Factory = None, alias: str | None = None) -> Any:
    """Declare a field that decisions or validation follow."""
    return _declared(Support.HONOURED, default, factory, alias)


def harmless(default: Any = None, *, factory: Factory = None, alias: str | None = None) -> Any:
    """Declare a field that cannot change where a request goes."""
    return _declared(Support.HARMLESS, default, factory, alias)


def unsupported(default: Any = None, *, factory: Factory = None, alias: str | None = None) -> Any:
    """Declare a field that could change a decision and is not modelled: setting it gives a finding."""
    return _declared(Support.UNSUPPORTED, default, factory, alias)


def _declared(support: Support, default: Any, factory: Factory, alias: str | None) -> Any:
    extra: dict[str, Any] = {"support": support.value}
    if factory is not None:
        # Nothing that is made here ever changes, so one default serves all.
        return Field(default_factory=cache(factory), alias=alias, json_schema_extra=extra)
    return Field(default, alias=alias, json_schema_extra=extra)


_UNKNOWN = "UNKNOWN_"


class WireEnum(StrEnum):
    """An enum of the API, by name or number; members stand in the order of ``numbers``.

    Proto enums are open: an unknown *number* is kept as ``UNKNOWN_<number>`` and judged by the rules; an unknown
    *name* is an error of shape.
    """

    @classmethod
    def numbers(cls) -> tuple[int, ...]:
        """Return the wire number of each member, in member order."""
        return tuple(range(len(cls)))

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not -(2**31) <= value < 2**31:
            return None
        for number, member in zip(cls.numbers(), cls, strict=True):
            if number == value:
                return member
        return cls._unknown(value)

    @classmethod
    def _unknown(cls, number: int) -> Self:
        name = f"{_UNKNOWN}{number}"
        member = str.__new__(cls, name)
        member._name_ = name
        member._value_ = name
        return member

    @property
    def known(self) -> bool:
        """Tell whether this is a declared member."""
        return self._name_ in type(self).__members__


class _Number:
    """The core schema of a proto JSON number: the plain value at once, a quoted or integral one on the second look."""

    def __init__(self, convert: Callable[[Any], Any], first: core_schema.CoreSchema, word: str) -> None:
        self._schema = core_schema.union_schema(
            [first, core_schema.no_info_plain_validator_function(convert)],
            mode="left_to_right",
            custom_error_type="wire_number",
            custom_error_message=f"is not {word}",
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return self._schema


# A number in quotes is read as the JSON that it would be without them, which may have spaces around it.
_INTEGER = re.compile(r" *(-?(?:0|[1-9][0-9]*)) *\Z", re.ASCII)
_DOUBLE = re.compile(r"NaN|-?Infinity| *-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? *", re.ASCII)


def _integer_between(low: int, high: int) -> Callable[[object], int]:
    def convert(value: object) -> int:
        quoted = isinstance(value, str) and len(value.strip(" ")) < 24 and _INTEGER.match(value)
        if not quoted and not (isinstance(value, float) and value.is_integer()):
            raise ValueError
        number = int(value)  # type: ignore[call-overload]  # text or a float, as was just asked
        if not low <= number <= high:
            raise ValueError
        return int(number)

    return convert


def _float(value: object) -> float:
    if not isinstance(value, str) or len(value) > 64 or not _DOUBLE.fullmatch(value):
        raise ValueError
    return float(value)


def _integer(low: int, high: int, word: str) -> _Number:
    return _Number(_integer_between(low, high), core_schema.int_schema(strict=True, ge=low, le=high), word)


Bool = Annotated[bool, Field(strict=True)]
Int32 = Annotated[int, _integer(-(2**31), 2**31 - 1, "a whole number of 32 bits")]
UInt32 = Annotated[int, _integer(0, 2**32 - 1, "a whole number from 0 to 4294967295")]
Int64 = Annotated[int, _integer(-(2**63), 2**63 - 1, "a whole number of 64 bits")]
UInt64 = Annotated[int, _integer(0, 2**64 - 1, "a whole number from 0 to 18446744073709551615")]
Double = Annotated[float, _Number(_float, core_schema.float_schema(strict=True), "a number")]
Duration = Annotated[
    str, StringConstraints(pattern=r"\A[+-]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)\z")
]


def wire_name(name: str) -> str:
    """Return the proto JSON name of the field *name*.

    >>> wire_name("export_to"), wire_name("consecutive_5xx_errors"), wire_name("from_")
    ('exportTo', 'consecutive5xxErrors', 'from')
    """
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _base64(text: str) -> str:
    b64decode("".join(text.split("\n")).replace("\r", ""), validate=True)
    return text


Base64 = Annotated[str, AfterValidator(_base64)]


_ORIGIN = "_origin"


class SourceLookup(Protocol):
    """Where a loaded object stands: something that finds the place of a value on demand."""

    def find(self, path: tuple[str | int, ...], /) -> Source:
        """Return the place of the value at *path*, or of the nearest value around it."""

    def written(self, path: tuple[str | int, ...], /) -> str | None:
        """Return the text of the scalar at *path*, as written; None where there is none."""

    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return the comments of the document, each with its line."""


class FrozenMap(dict[Any, Any]):
    """A map that does not change after it was read; it equals, hashes nothing, copies and pickles as a dict does."""

    __slots__ = ()

    def _refuse(self, *arguments: object, **named: object) -> NoReturn:
        raise TypeError("this map belongs to a resource and does not change")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FrozenMap], tuple[dict[Any, Any]]]:
        return FrozenMap, (dict(self),)


StringMap = Annotated[dict[str, str], AfterValidator(FrozenMap)]
UInt32Map = Annotated[dict[str, UInt32], AfterValidator(FrozenMap)]


class Message(BaseModel):
    """A message of the API: frozen, compared by value, with unknown fields kept in ``unknown``.

    Building one by hand raises :class:`~meshegress.errors.ResourceError` when a value has the wrong type.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=wire_name,
        populate_by_name=True,
        frozen=True,
        extra="allow",
        defer_build=True,
        protected_namespaces=(),
    )

    OTHERS_HARMLESS: ClassVar[bool] = False
    """Whether fields that are not declared are known to be without effect."""

    OTHERS_KNOWN: ClassVar[frozenset[str]] = frozenset()
    """The fields that are not declared and known to be without effect, as most of Kubernetes' are."""

    def __init__(self, /, **values: Any) -> None:
        try:
            self.__pydantic_validator__.validate_python(values, self_instance=self)
        except ValidationError as error:
            raise ResourceError(shape_findings(error, Source(), type(self).__name__)) from error

    # pydantic keeps its fast path for nested messages only where `__init__` is marked as its own.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # a function takes attributes

    def __hash__(self) -> int:
        values = (_hashable(value) for name, value in self.__dict__.items() if name != _ORIGIN)
        return hash((type(self), *values))

    @property
    def unknown(self) -> Mapping[str, Any]:
        """The fields of the wire that this message does not declare, by their wire name."""
        return self.__pydantic_extra__ or {}

    def placed(self, origin: SourceLookup) -> None:
        """Remember where this was loaded from; loading calls it once."""
        self.__dict__[_ORIGIN] = origin

    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return the comments of the document that this was loaded from, each with its line."""
        origin: SourceLookup | None = self.__dict__.get(_ORIGIN)
        return origin.comments() if origin is not None else ()

    def source(self, *path: str | int) -> Source:
        """Return the place of the value at *path* in what was loaded, or of the nearest value around it.

        What was built in Python has the place ``<python>``.
        """
        origin: SourceLookup | None = self.__dict__.get(_ORIGIN)
        return Source() if origin is None else origin.find(path)

    def as_wire(self) -> dict[str, Any]:
        """Return this as plain values under the names of the wire; what has its default is left out."""
        found: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            value = self.__dict__[name]
            if name in _ALWAYS_WRITTEN or value != field.get_default(call_default_factory=True):
                found[field.alias or name] = _wire_value(name, value)
        return found | {name: plain(value) for name, value in self.unknown.items()}

    def to_yaml(self) -> str:
        """Return this as YAML that loads to the same; what has its default is left out."""
        return yaml_text(self.as_wire())

    def written(self, *path: str | int) -> str | None:
        """Return the scalar at *path* as the text has it, before it became a value; None where there is no text."""
        origin: SourceLookup | None = self.__dict__.get(_ORIGIN)
        return None if origin is None else origin.written(path)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value != field.get_default(call_default_factory=True):
                yield name, value
        yield from self.unknown.items()

    @classmethod
    def support(cls) -> Iterator[tuple[str, Support]]:
        """Give each declared field with what the library makes of it."""
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict), f"{cls.__name__}.{name} is declared without a support mark"
            yield name, Support(extra["support"])


class OneOf(Message):
    """A message some of whose fields exclude each other: the last one that is written counts, as in proto JSON.

    The others are kept in ``unknown``, so that they are told and printed.
    """

    ONE_OF: ClassVar[tuple[tuple[str, ...], ...]] = ()

    @model_validator(mode="after")
    def _last_counts(self) -> Self:  # noqa: N804  # pydantic gives the instance once it is made
        for group in self.ONE_OF:
            written = [name for name in group if self.__dict__[name] is not None]
            for name in written[:-1]:
                self.__dict__[name], value = None, self.__dict__[name]
                self.__pydantic_extra__ = {**self.unknown, type(self).model_fields[name].alias or name: value}
        return self


# They have defaults only so that objects can be built without them.
_ALWAYS_WRITTEN = ("api_version", "kind")


def _wire_value(name: str, value: Any) -> Any:
    if isinstance(value, Message):
        return value.as_wire()
    if isinstance(value, WireEnum):
        return str(value) if value.known else int(value.removeprefix(_UNKNOWN))
    if isinstance(value, tuple):
        return [_wire_value(name, item) for item in value]
    if isinstance(value, FrozenMap):
        return {key: _wire_value(name, item) for key, item in value.items()}
    return timestamp_text(value) if name == "creation_timestamp" else plain(value)


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(item) for item in value)
    return value
