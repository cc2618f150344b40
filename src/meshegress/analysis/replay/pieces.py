"""What of a line is looked at to know whether there was one like it before: texts as they stand, nothing converted."""

from __future__ import annotations

from dataclasses import dataclass

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.entry import FieldLayout

#: The fields that say what was asked and what became of it, but for the path and the ends of the connection.
_NAMES = ("authority", "requested_server_name")
_FIELDS = (
    *_NAMES,
    "response_flags",
    "response_code",
    "method",
    "protocol",
    "route_name",
    "virtual_host",
    "virtual_host_name",
    "vhost",
    "vhost_name",
)
#: Where a direction does not follow from the cluster, these tell it; the port is another one in each line.
_ENDS = ("downstream_remote_address", "upstream_local_address")


@dataclass(frozen=True, slots=True)
class Seen:
    """The texts of a line: the cluster, the original destination, all else, and the ends of the connection.

    ``is_named`` says whether a name tells where the request goes.
    """

    cluster: object
    destination: object
    others: tuple[object, ...]
    ends: tuple[object, ...]
    is_named: bool


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the fields of a format stand; the layout is kept, so that its id stays its own."""

    layout: FieldLayout
    cluster: int | None
    destination: int | None
    names: tuple[int, ...]
    others: tuple[int, ...]
    ends: tuple[int, ...]


class Pieces:
    """Finds the texts of entries; where their fields stand is looked up once for each format."""

    def __init__(self) -> None:
        self._places: dict[int, _Places] = {}

    def of(self, entry: AccessLogEntry) -> Seen:
        """Return the texts of *entry*."""
        layout = entry.layout
        if layout is None or entry.line is None:
            return _by_name(entry)
        places = self._places.get(id(layout)) or self._look_up(layout)
        piece = entry.piece
        return Seen(
            "" if places.cluster is None else piece(places.cluster),
            None if places.destination is None else piece(places.destination),
            (id(layout), *map(piece, places.others)),
            tuple([piece(number).rpartition(":")[0] for number in places.ends]),
            any(piece(number) not in _NOTHING for number in places.names),
        )

    def _look_up(self, layout: FieldLayout) -> _Places:
        numbers = layout.numbers
        found = self._places[id(layout)] = _Places(
            layout,
            numbers.get("upstream_cluster"),
            numbers.get("downstream_local_address"),
            tuple(numbers[name] for name in _NAMES if name in numbers),
            tuple(numbers[name] for name in _FIELDS if name in numbers),
            tuple(numbers[name] for name in _ENDS if name in numbers),
        )
        return found


_NOTHING = ("-", "", None)


def _by_name(entry: AccessLogEntry) -> Seen:
    read = entry.get
    ends = (value.rpartition(":")[0] if isinstance(value := read(name), str) else value for name in _ENDS)
    layout = id(entry.layout) if entry.layout is not None else tuple(name for name in _FIELDS if name in entry)
    return Seen(
        read("upstream_cluster") if "upstream_cluster" in entry else "",
        read("downstream_local_address"),
        (layout, *map(read, _FIELDS)),
        tuple(ends),
        any(read(name) not in _NOTHING for name in _NAMES),
    )
