"""What is known of an entry beside its fields: who wrote it, and how it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from meshegress.accesslog.reading.emitter import NOBODY, Emitter

#: What may be tolerated to read a record, and what each means.
TOLERANCES: Mapping[str, str] = MappingProxyType(
    {
        "trimmed": "blanks, marks of quotation, colours, carriage returns around the line were taken off",
        "prefix": "the record starts behind other text",
        "member": "the record is inside of JSON",
        "rest": "something stands behind the record",
        "ambiguous": "the line has several readings, which agree on the fields that are given",
        "missing_keys": "keys of the format are missing",
        "extra_keys": "there are keys that the format does not have",
        "strings_for_numbers": "numbers are written as strings",
        "floats_for_numbers": "whole numbers are written with a fraction",
        "numbers_for_strings": "texts are written as numbers",
        "dash_for_null": "a dash stands for no value",
    }
)
_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who wrote a record, and what was tolerated when it was read; see the properties of an entry."""

    emitter: Emitter = NOBODY
    rest: str | None = None
    unsure: tuple[str, ...] = ()
    tolerances: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=lambda: _NOTHING)

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to say: no emitter, nothing tolerated."""
        return not self.emitter and not self.tolerances

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (self.emitter, self.rest, self.unsure, self.tolerances, dict(self.extra)))


def _restored(*values: object) -> Circumstances:
    return Circumstances(*values)  # type: ignore[arg-type]  # as they were taken apart


#: A line that is nothing but the record, read strictly.
STRICT = Circumstances()
