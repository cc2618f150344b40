"""Replay a log: what its requests met, meet today, and would meet under a candidate."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.logs import LogSource, read_log
from meshegress.accesslog.reader import LogReader, ReadCounts
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.candidates import with_policy
from meshegress.analysis.replay.counting import Counting
from meshegress.analysis.replay.rows import ReplayRow, RowKey, Tally
from meshegress.analysis.replay.senders import Senders, Workloads
from meshegress.analysis.replay.undeclared import why_undeclared
from meshegress.mesh import Mesh

#: Of so many rows, those with most requests first, it is said why nothing declares them.
MOST_EXPLAINED = 1000
#: In which order rows are shown: what stands in the way of everything first, then what hurts.
_ORDER = (Change.BLOCKED, Change.CHANGED_STATUS, Change.MOVED, Change.OPENED, Change.KEPT)


@dataclass(frozen=True, slots=True)
class Replay:
    """What the requests of a log meet. ``rows`` begin with those that disagree with the log, then what is blocked.

    ``not_outbound`` counts lines by direction, ``not_attributable`` by why it is not known what was asked, ``unread``
    by why they could not be read. ``factor`` is the sampling factor: it is in the ``count`` of rows, and in no other
    number.
    """

    rows: tuple[ReplayRow, ...] = ()
    not_outbound: Mapping[str, int] = field(default_factory=dict)
    not_attributable: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    factor: float = 1

    @property
    def disagreeing(self) -> tuple[ReplayRow, ...]:
        """The rows of which the log says another thing than what is predicted today."""
        return tuple(row for row in self.rows if row.disagreement)

    @property
    def blocked(self) -> tuple[ReplayRow, ...]:
        """The rows that leave today and would not under the candidate."""
        return self.of(Change.BLOCKED)

    def of(self, change: Change) -> tuple[ReplayRow, ...]:
        """Return the rows of one *change*."""
        return tuple(row for row in self.rows if row.change is change)

    @property
    def counts(self) -> Mapping[str, int]:
        """The requests by what the candidate does to them, each kind of change named; ``disagrees`` is beside them."""
        found = {change.value: 0 for change in Change} | {"disagrees": 0}
        for row in self.rows:
            found[row.change.value] += row.count
            found["disagrees"] += row.count if row.disagreement else 0
        return found

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The moments of the first and the last request that was replayed."""
        firsts = [row.first for row in self.rows if row.first is not None]
        lasts = [row.last for row in self.rows if row.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    def with_unread(self, counts: ReadCounts) -> Replay:
        """Return the replay with the lines that *counts* says could not be read, where it got entries alone."""
        return replace(self, unread=_lines_of(counts))

    def merge(self, *others: Replay) -> Replay:
        """Return the replay of the whole log, of which this and *others* are the parts, under the same two meshes.

        Raises ValueError where the parts were sampled differently.
        """
        if any(other.factor != self.factor for other in others):
            raise ValueError("the parts have different sampling factors")
        tallies: dict[RowKey, Tally] = {}
        why: dict[RowKey, tuple[str, ...]] = {}
        for row in (row for part in (self, *others) for row in part.rows):
            tally = tallies.setdefault(row.key, Tally())
            tally.join(Tally(row.lines, row.bytes, row.first, row.last, row.sample))
            why[row.key] = row.why or why.get(row.key, ())
        parts = (self, *others)
        return Replay(
            _rows(tallies, self.factor, why),
            _sum(part.not_outbound for part in parts),
            _sum(part.not_attributable for part in parts),
            _sum(part.unread for part in parts),
            self.factor,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the replay as JSON-ready values."""
        span = self.span
        return {
            "counts": dict(self.counts),
            "first": span[0].isoformat() if span else None,
            "last": span[1].isoformat() if span else None,
            "sampling_factor": self.factor,
            "not_outbound": dict(self.not_outbound),
            "not_attributable": dict(self.not_attributable),
            "unread": dict(self.unread),
            "rows": [row.as_dict() for row in self.rows],
        }


def replay(
    log: LogSource | Iterable[AccessLogEntry],
    mesh: Mesh,
    against: Mesh | str | None = None,
    workloads: Workloads = None,
    *,
    factor: float = 1,
) -> Replay:
    """Return what the outbound requests of *log* meet under *mesh*, and under *against*.

    *log* is whatever :func:`meshegress.read_log` takes, or its entries. *against* is another mesh, or the name of an
    outboundTrafficPolicy, which stands for *mesh* with that policy; without it the log is compared with *mesh* alone.
    *workloads* says who sent what no Pod of *mesh* is known for: a workload, a namespace, or a function of the emitter.
    One line stands for *factor* requests where the log is a sample.

    Raises what read_log raises, and ValueError for a policy that does not exist.

    >>> line = (
    ...     b'[2026-11-20T08:15:30.001Z] "- - -" 0 - - - "-" 12 34 5 - "-" "-" "-" "-" "1.2.3.4:443" '
    ...     b'PassthroughCluster 10.8.1.4:50000 1.2.3.4:443 10.8.1.4:40000 - -'
    ... )
    >>> [(row.key.destination, str(row.then)) for row in replay([line], Mesh(), "REGISTRY_ONLY").blocked]
    [('tcp://1.2.3.4:443', 'BlackHoleCluster (blackhole)')]
    """
    other = with_policy(mesh, against) if isinstance(against, str) else against or mesh
    counting = Counting(mesh, other, Senders(mesh, workloads))
    entries, reader = _entries_of(log)
    counting.add(entries)
    unread = _lines_of(reader.counts) if reader is not None else {}
    rows = _rows(counting.tallies, factor, {})
    return Replay(
        _explained(rows, counting),
        dict(counting.not_outbound),
        dict(counting.not_attributable),
        unread,
        factor,
    )


def _entries_of(log: Any) -> tuple[Iterable[AccessLogEntry], LogReader | None]:
    """Return the entries of *log*, and the reader that counts what of it cannot be read."""
    if isinstance(log, LogReader):
        return log, log
    if isinstance(log, str | os.PathLike) or hasattr(log, "read"):
        reader = read_log(log)
        return reader, reader
    items = iter(log)
    first = list(islice(items, 1))
    if first and isinstance(first[0], AccessLogEntry):
        return chain(first, items), None
    reader = read_log(chain(first, items))
    return reader, reader


def _lines_of(counts: ReadCounts) -> dict[str, int]:
    return {reason: each.lines for reason, each in counts.unread.items()}


def _rows(
    tallies: Mapping[RowKey, Tally], factor: float, why: Mapping[RowKey, tuple[str, ...]]
) -> tuple[ReplayRow, ...]:
    """Return *tallies* as rows, in the order in which they are shown."""
    rows = (
        ReplayRow(
            key,
            tally.lines,
            round(tally.lines * factor),
            tally.bytes,
            tally.first,
            tally.last,
            tally.sample,
            why.get(key, ()),
        )
        for key, tally in tallies.items()
        if tally.sample is not None
    )
    return tuple(sorted(rows, key=_rank))


def _rank(row: ReplayRow) -> tuple[object, ...]:
    key = row.key
    said = (key.was.cluster or "", key.was.flags, key.was.status or 0, key.was.tells_cluster)
    is_first = row.disagreement is None
    where = (key.sender.sort_key(), key.kind, key.host or "", key.address or "", key.port)
    return (is_first, _ORDER.index(row.change), -row.lines, *where, said, repr(key.now), repr(key.then))


def _explained(rows: tuple[ReplayRow, ...], counting: Counting) -> tuple[ReplayRow, ...]:
    """Return *rows*, the weightiest with why nothing declares where they go."""
    undeclared = [row for row in rows if row.now.is_undeclared]
    asked = {id(row) for row in sorted(undeclared, key=lambda row: -row.lines)[:MOST_EXPLAINED]}
    found = []
    for row in rows:
        if id(row) in asked:
            egress = counting.side_of(row.key.sender)[0].egress
            row = replace(row, why=why_undeclared(egress, row.sample))
        found.append(row)
    return tuple(found)


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)
