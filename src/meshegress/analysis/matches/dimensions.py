"""The conditions of a few lists of routes, by the part of the request that they read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from meshegress._engine.conditions import RequestView, SeenRequest, header_holds, text_holds
from meshegress._engine.layout import EVERY_PATH, PREFIX, REGEX, HeaderCondition, RouteRow, TextCondition
from meshegress.regex import compile_regex
from meshegress.table import Route
from meshegress.table.route_rows import route_row
from meshegress.wire.paths import PathNormalization, normalize_path, split_target


class Dimension(NamedTuple):
    """A part of a request that conditions read: ``path``, ``query`` or ``header``, and the name of the latter two."""

    part: str
    name: str = ""


PATH = Dimension("path")
METHOD = Dimension("header", ":method")
AUTHORITY = Dimension("header", ":authority")
SCHEME = Dimension("header", ":scheme")
WHOLE_PATH = Dimension("header", ":path")
CONTENT_TYPE = Dimension("header", "content-type")
#: Headers that are one thing to the connection manager: the scheme is the first value of x-forwarded-proto.
_SHARED = {"host": AUTHORITY, "x-forwarded-proto": SCHEME}

Ends = tuple[int | None, ...]
"""The row of each list that a request takes, None for no row."""
Row = Mapping[Dimension, int]
"""What a row needs: in each dimension the bits that must be set."""

_STRICTER = (
    PathNormalization.NONE,
    PathNormalization.BASE,
    PathNormalization.MERGE_SLASHES,
    PathNormalization.DECODE_AND_MERGE_SLASHES,
)
_GRPC = "(?s)application/grpc(\\+.*)?"


class Condition(NamedTuple):
    """A bit of a dimension: text conditions of which one must hold, or one condition on a header."""

    texts: tuple[TextCondition, ...] = ()
    header: HeaderCondition | None = None


class Conditions:
    """What *lists* of routes ask, by dimension.

    Paths are normalised in one of *modes*; of several, paths that are not the same in all are not seen. *ends* tell for
    each route what it comes to: rows that follow each other, ask for a path alone and come to the same are one row.
    Without *ends* each route is a row of its own.
    """

    def __init__(
        self,
        lists: Sequence[Sequence[Route]],
        modes: Iterable[PathNormalization],
        ends: Sequence[Sequence[Hashable]] | None = None,
    ) -> None:
        self._modes = sorted(set(modes), key=_STRICTER.index)
        #: What the strictest mode leaves alone, all do.
        self.normalization = self._modes[-1]
        self._bits: dict[Dimension, dict[Condition, int]] = {}
        self.rows: list[list[Row]] = [
            [self._row(asked) for asked in _merged(routes, group)]
            for routes, group in zip_longest(lists, ends or (), fillvalue=())
        ]
        # What is asked by most comes first: the path.
        self.dimensions = tuple(sorted(self._bits, key=lambda one: (one != PATH, one)))
        self.asked: dict[Dimension, list[Condition]] = {one: list(self._bits[one]) for one in self.dimensions}
        self.is_typed = CONTENT_TYPE in self.asked
        if self.is_typed:
            condition = HeaderCondition(
                CONTENT_TYPE.name, TextCondition(REGEX, _GRPC, False, compile_regex(_GRPC)), False, False
            )
            self._grpc_bit = len(self.asked[CONTENT_TYPE])
            self.asked[CONTENT_TYPE].append(Condition(header=condition))

    def _row(self, asked: Iterable[tuple[Dimension, Condition]]) -> Row:
        """Return what a row needs that asks for these conditions, each of which has a bit."""
        need: dict[Dimension, int] = {}
        for dimension, condition in asked:
            bits = self._bits.setdefault(dimension, {})
            need[dimension] = need.get(dimension, 0) | 1 << bits.setdefault(condition, len(bits))
        return need

    def most_values(self, dimension: Dimension) -> int:
        """Return with how many values of *dimension* at most every combination of rows can be had."""
        return sum(max((row.get(dimension, 0).bit_count() for row in rows), default=0) for rows in self.rows) or 1

    def is_grpc(self, mask: int) -> bool:
        """Return whether *mask*, of the content type, is that of gRPC."""
        return bool(mask >> self._grpc_bit & 1)

    @property
    def is_ambiguous(self) -> bool:
        """Whether paths are asked for, and seen otherwise in one mode than in another."""
        return len(self._modes) > 1 and PATH in self.asked

    def sees(self, request: SeenRequest) -> bool:
        """Return whether the path of *request* is one and the same in all modes, or nobody asks for it."""
        if not self.is_ambiguous:
            return True
        path, _ = split_target(request.target)
        return all(normalize_path(path, mode) == path for mode in self._modes)

    def masks(self, request: SeenRequest) -> dict[Dimension, int]:
        """Return the truth vector of *request* in each dimension."""
        view = RequestView(request, self.normalization)
        return {dimension: self._mask(dimension, view) for dimension in self.dimensions}

    def _mask(self, dimension: Dimension, view: RequestView) -> int:
        if dimension.part == "header":
            return header_mask(self.asked[dimension], view.header)
        text = view.path if dimension == PATH else view.parameter(dimension.name)
        return text_mask(self.asked[dimension], text)

    def ends_of(self, masks: Mapping[Dimension, int]) -> tuple[Ends, bool]:
        """Return the rows that requests with these *masks* take, and whether their content type is gRPC's."""
        ends = tuple(next((place for place, row in enumerate(rows) if is_met(row, masks)), None) for rows in self.rows)
        return ends, self.is_typed and self.is_grpc(masks[CONTENT_TYPE])


def _merged(routes: Sequence[Route], ends: Sequence[Hashable]) -> Iterator[list[tuple[Dimension, Condition]]]:
    """Yield the conditions of each row, up to one that has none: behind that no other is asked."""
    group: list[TextCondition] = []
    last: Hashable = None
    for route, end in zip_longest(routes, ends):
        asked = list(_asked(route_row(route, 0)))
        is_path = [dimension for dimension, _ in asked] == [PATH]
        if group and not (is_path and end is not None and end == last):
            yield [(PATH, Condition(tuple(group)))]
            group = []
        if is_path:
            group += asked[0][1].texts
        else:
            yield asked
        if not asked:
            return
        last = end
    if group:
        yield [(PATH, Condition(tuple(group)))]


def is_met(row: Row, masks: Mapping[Dimension, int]) -> bool:
    """Return whether every need of *row* is met."""
    return all(need & ~masks[dimension] == 0 for dimension, need in row.items())


def header_mask(asked: Sequence[Condition], values_of: Callable[[str], tuple[str, ...] | None]) -> int:
    """Return which conditions on headers hold, where ``values_of(name)`` has the values of each."""
    found = 0
    for bit, condition in enumerate(asked):
        header = condition.header
        if header is not None and header_holds(header, values_of(header.name)):
            found |= 1 << bit
    return found


def text_mask(asked: Sequence[Condition], text: str | None) -> int:
    """Return which conditions *text* meets; None meets nothing."""
    if text is None:
        return 0
    return sum(1 << bit for bit, one in enumerate(asked) if any(text_holds(each, text) for each in one.texts))


def _asked(row: RouteRow) -> Iterator[tuple[Dimension, Condition]]:
    """Yield the conditions of *row*, but for a path that every path has."""
    is_every = row.path.kind == EVERY_PATH or (row.path.kind == PREFIX and row.path.value in ("", "/"))
    if not is_every:
        yield PATH, Condition((row.path,))
    for header in row.headers:
        yield _SHARED.get(header.name, Dimension("header", header.name)), Condition(header=header)
    for name, text in row.query:
        yield Dimension("query", name), Condition((text,))
