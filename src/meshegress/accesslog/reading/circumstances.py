"""What is known of an entry beside its fields: who wrote it, and how it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from meshegress.accesslog.reading.emitter import NOBODY, Emitter

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who wrote a record, and what was tolerated when it was read; see the properties of an entry."""

    emitter: Emitter = NOBODY
    rest: str | None = None
    unsure: tuple[str, ...] = ()
    tolerances: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=lambda: _NOTHING)

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (self.emitter, self.rest, self.unsure, self.tolerances, dict(self.extra)))


def _restored(*values: object) -> Circumstances:
    return Circumstances(*values)  # type: ignore[arg-type]  # as they were taken apart


#: A line that is nothing but the record, read strictly.
STRICT = Circumstances()
