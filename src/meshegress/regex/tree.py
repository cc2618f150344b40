"""What a pattern means: a tree of characters, places, sequences, choices and repetitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from meshegress.regex.charset import CharSet


class Assertion(Enum):
    """A condition on a place between characters."""

    BEGIN_TEXT = "\\A"
    END_TEXT = "\\z"
    BEGIN_LINE = "^"
    END_LINE = "$"
    WORD_BOUNDARY = "\\b"
    NO_WORD_BOUNDARY = "\\B"


@dataclass(frozen=True, slots=True)
class Script:
    """A class of characters that Python has no table of."""

    name: str


@dataclass(frozen=True, slots=True)
class Compound:
    """A node made of others, and what its limits are measured by.

    ``depth`` is how deep it is nested, ``size`` about how many instructions it needs when all counts are written out,
    ``product`` the largest product of nested counts.
    """

    parts: tuple[Node, ...]
    depth: int
    size: int
    product: int


class Concat(Compound):
    """One part after the other; without parts, the empty text."""

    __slots__ = ()


class Alternate(Compound):
    """One of the parts."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Repeat(Compound):
    """Its one part, *least* times to *most* times; ``most`` of None is without end."""

    least: int
    most: int | None


# Character sets are ready for the flags under which they were written.
Node = CharSet | Script | Assertion | Compound


def concat(parts: Sequence[Node]) -> Node:
    """Return *parts* one after the other."""
    return parts[0] if len(parts) == 1 else Concat(tuple(parts), *_measures(parts))


def alternate(parts: Sequence[Node]) -> Node:
    """Return the choice of one of *parts*."""
    return parts[0] if len(parts) == 1 else Alternate(tuple(parts), *_measures(parts))


def repeat(part: Node, least: int, most: int | None) -> Repeat:
    """Return *part* repeated *least* to *most* times."""
    depth, size, product = _measures([part])
    times = least if most is None else most
    return Repeat((part,), depth, max(1, times) * size + 1, max(1, times) * product if most != 0 else 1, least, most)


def _measures(parts: Sequence[Node]) -> tuple[int, int, int]:
    inner = [part for part in parts if isinstance(part, Compound)]
    depth = max((part.depth for part in inner), default=0)
    size = sum(part.size for part in inner) + len(parts) - len(inner) + 1
    return depth + 1, size, max((part.product for part in inner), default=1)
