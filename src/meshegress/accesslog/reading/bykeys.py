"""A JSON record by its keys: any order, keys missing or more, numbers as strings or floats, a dash for null.

Strictly a line has exactly the members of its format. What shippers and older releases wrote differs in spelling only:
the key says what a value is. Each tolerance that a record needed is named with it. A value that its operator cannot
have is not tolerated, and the record does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from meshegress.accesslog.entry import AccessLogEntry, FieldLayout
from meshegress.accesslog.formatstring import Command, known_command
from meshegress.accesslog.operators import Shape, Syntax
from meshegress.accesslog.presets import ENVOY_GATEWAY_KEYS, JSON_PRESETS, KEYS
from meshegress.accesslog.reading.circumstances import Circumstances
from meshegress.accesslog.reading.emitter import NOBODY, Emitter
from meshegress.accesslog.shapes import shape_of
from meshegress.accesslog.template import Literal, Members

#: The keys by which a record is known without a format: Istio's, and those of Envoy Gateway.
KNOWN_KEYS: Mapping[str, Command] = {key: known_command(text) for key, text in {**ENVOY_GATEWAY_KEYS, **KEYS}.items()}
# Only a proxy writes these; a service may log method, path and duration, too.
_PROXYS_OWN = frozenset(
    key for key in KNOWN_KEYS if key.startswith(("upstream_", "downstream_", "response_flags", "response_code_d"))
) | {"requested_server_name", "connection_termination_details", "istio_policy_status"}
_LEAST_KEYS = 2
_KEYSETS = tuple(frozenset(keys) for keys in (*JSON_PRESETS.values(),))


class ValueMisfitError(ValueError):
    """A value that the operator of its key cannot have."""


@dataclass(frozen=True, slots=True)
class KeyedRecord:
    """The members of a record: known ones typed, others as they are, and the tolerances that were needed."""

    layout: FieldLayout
    values: tuple[object, ...]
    extra: Mapping[str, object]
    tolerances: tuple[str, ...]

    def entry(self, emitter: Emitter = NOBODY, tolerances: tuple[str, ...] = ()) -> AccessLogEntry:
        """Return the entry of this record."""
        made = AccessLogEntry.from_json(self.layout, self.values)
        return made.under(Circumstances(emitter, tolerances=(*tolerances, *self.tolerances), extra=self.extra))


def is_keyed_record(value: object) -> bool:
    """Whether an object is a record of Istio or Envoy Gateway, by its keys.

    >>> is_keyed_record({"response_code": 200, "response_flags": "-"}), is_keyed_record({"method": "GET", "path": "/"})
    (True, False)
    """
    if not isinstance(value, dict):
        return False
    known = value.keys() & KNOWN_KEYS.keys()
    return len(known) >= _LEAST_KEYS and not known.isdisjoint(_PROXYS_OWN)


def read_keyed(value: Mapping[str, object], commands: Mapping[str, Command] = KNOWN_KEYS) -> KeyedRecord:
    """Return the record in the object *value*, whose keys *commands* knows.

    Raises ValueMisfitError for a value that its operator cannot have.
    """
    names = tuple(key for key in value if key in commands)
    if not names:
        raise ValueMisfitError("no key of the format is in the object")
    tolerances: dict[str, None] = {}
    values = tuple(_typed(commands[name], value[name], tolerances) for name in names)
    extra = {key: member for key, member in value.items() if key not in commands}
    if commands is not KNOWN_KEYS:
        lacking = len(names) < len(commands)
    else:
        lacking = not any(keys <= value.keys() for keys in _KEYSETS)
    if lacking:
        tolerances["missing_keys"] = None
    if extra:
        tolerances["extra_keys"] = None
    return KeyedRecord(_layout(names, tuple(commands[name].text for name in names)), values, extra, tuple(tolerances))


def flat_commands(tree: Members) -> Mapping[str, Command] | None:
    """Return the command of each key of a format whose members are single commands; None for any other format."""
    found: dict[str, Command] = {}
    for key, child in tree.members:
        command = child.command if isinstance(child, Literal) else None
        if command is None:
            return None
        found[key] = command
    return found


@lru_cache(maxsize=256)
def _layout(names: tuple[str, ...], texts: tuple[str, ...]) -> FieldLayout:
    return FieldLayout(tuple(map(known_command, texts)), names, omit_empty_values=False)


@lru_cache(maxsize=512)
def _expected(text: str) -> type:
    """Return the type that a value of the command *text* has where it is spelled strictly."""
    return int if known_command(text).operator.is_number else str


def _typed(command: Command, value: object, tolerances: dict[str, None]) -> object:
    if type(value) is _expected(command.text) and value != "-":
        return value
    operator = command.operator
    if value == "-" and shape_of(command) not in _FLAGS:
        tolerances["dash_for_null"] = None
        return None
    if value is None or operator.is_structured:
        return value
    fitted = next(_fitting(command, value), None)
    if fitted is None:
        raise ValueMisfitError(f"`{value}` is not a value of `{command.text}`")
    tolerance, typed = fitted
    if tolerance:
        tolerances[tolerance] = None
    return typed


_FLAGS = (Shape.FLAGS, Shape.LONG_FLAGS)


def _fitting(command: Command, value: object) -> Iterator[tuple[str, object]]:
    """Yield (tolerance, value) where *value* can be one of *command*."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if command.operator.is_number:
        if is_number and isinstance(value, int):
            yield "", value
        elif isinstance(value, float) and value.is_integer():
            yield "floats_for_numbers", int(value)
        elif isinstance(value, str) and _digits(value):
            yield "strings_for_numbers", int(float(value)) if "." in value else int(value)
    elif isinstance(value, str):
        yield "", value
    elif is_number and command.operator.syntax is not Syntax.TIME:
        yield "numbers_for_strings", str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _digits(text: str) -> bool:
    whole, _, fraction = text.removeprefix("-").partition(".")
    return whole.isascii() and whole.isdigit() and len(whole) <= 18 and not fraction.strip("0")
