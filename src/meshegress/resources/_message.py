"""What every model is built on: a frozen message in proto JSON, its field types, and its support marks.

A message takes `camelCase` and `snake_case`, enums by name or number, quoted integers, and keeps what it does not know.
Each field is declared with :func:`honoured`, :func:`harmless` or :func:`unsupported`: together, the one table of
what the library models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints, ValidationError
from pydantic_core import core_schema

from meshegress.errors import ResourceError
from meshegress.findings import Finding, Source

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
        return Field(default_factory=factory, alias=alias, json_schema_extra=extra)
    return Field(default, alias=alias, json_schema_extra=extra)


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
        name = f"UNKNOWN_{number}"
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


_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z", re.ASCII)


def _integer_between(low: int, high: int) -> Callable[[object], int]:
    def convert(value: object) -> int:
        quoted = isinstance(value, str) and len(value) < 24 and _INTEGER.match(value)
        if not quoted and not (isinstance(value, float) and value.is_integer()):
            raise ValueError
        number = int(value)  # type: ignore[call-overload]  # text or a float, as was just asked
        if not low <= number <= high:
            raise ValueError
        return int(number)

    return convert


def _float(value: object) -> float:
    if not isinstance(value, str) or len(value) > 64:
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
    """Whether fields that are not declared are known to be without effect, as most of Kubernetes is."""

    def __init__(self, /, **values: Any) -> None:
        try:
            self.__pydantic_validator__.validate_python(values, self_instance=self)
        except ValidationError as error:
            raise ResourceError(shape_findings(error, Source(), type(self).__name__)) from error

    # pydantic keeps its fast path for nested messages only where `__init__` is marked as its own.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # a function takes attributes

    def __hash__(self) -> int:
        return hash((type(self), *(_hashable(value) for value in self.__dict__.values() if type(value) is not Origin)))

    @property
    def unknown(self) -> Mapping[str, Any]:
        """The fields of the wire that this message does not declare, by their wire name."""
        return self.__pydantic_extra__ or {}

    @classmethod
    def support(cls) -> Iterator[tuple[str, Support]]:
        """Give each declared field with what the library makes of it."""
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            assert isinstance(extra, dict), f"{cls.__name__}.{name} is declared without a support mark"
            yield name, Support(extra["support"])


class Origin:
    """Where a loaded resource stands: something that finds the place of a value on demand."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[tuple[str | int, ...]], Source]) -> None:
        self._find = find

    def source(self, path: tuple[str | int, ...]) -> Source:
        """Return the place of the value at *path*, or of the nearest value around it."""
        return self._find(path)


def shape_findings(error: ValidationError, where: Source, subject: str) -> Iterator[Finding]:
    """Give one finding for each value of the wrong shape that pydantic names in *error*."""
    for item in error.errors(include_url=False, include_context=False):
        yield Finding("EG101", where, describe(item["type"], item["msg"], item["input"]), subject=subject,
                      field=field_path(item["loc"]))  # fmt: skip


_EXPECTED = {
    "string_type": "is not text",
    "bool_type": "is not `true` or `false`",
    "tuple_type": "is not a list",
    "model_type": "is not a mapping",
    "model_attributes_type": "is not a mapping",
    "dict_type": "is not a mapping",
    "string_pattern_mismatch": "is not a duration such as `5s`",
}


def describe(kind: str, message: str, value: object) -> str:
    """Return the sentence for a wrong *value*, in this library's words."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return f"`{shown}` {_EXPECTED.get(kind, message[:1].lower() + message[1:])}"


def field_path(location: tuple[int | str, ...]) -> str:
    """Return *location* as a path.

    >>> field_path(("spec", "hosts", 0))
    'spec.hosts[0]'
    """
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".")


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(item) for item in value)
    return value
