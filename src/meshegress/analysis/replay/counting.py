"""Lines to rows: what lines have in common is looked at once, and each distinct request is decided once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.addresses import split_address
from meshegress.accesslog.reading.direction import direction_of_cluster
from meshegress.analysis.replay.answers import Answer, Logged, choose
from meshegress.analysis.replay.pieces import Pieces, Seen
from meshegress.analysis.replay.requests import NotAttributable, Side, is_plain, named_only, request_of
from meshegress.analysis.replay.rows import RowKey, Tally, kind_of
from meshegress.analysis.replay.senders import Sender, Senders
from meshegress.mesh import Mesh
from meshegress.request import Request, WireProtocol

#: So many kinds of lines are remembered; then they are looked at again.
_MOST_KNOWN = 1 << 17
Possible = tuple[tuple[Answer, ...], tuple[Answer, ...]]


class Counting:
    """Counts entries by what they ask and meet; memory grows with what is distinct, not with the log."""

    def __init__(self, mesh: Mesh, against: Mesh, senders: Senders) -> None:
        self._mesh, self._against, self._senders = mesh, against, senders
        self._sides: dict[int, tuple[Side, Side]] = {}
        # Senders are interned, so that their ids stand for them: a workload is slow to hash.
        # Lines of one kind: the tally where the path does not matter, a text where there is none, else None.
        self._directions: dict[tuple[object, ...], str] = {}
        self._destinations: dict[tuple[int, object], object] = {}
        self._known: dict[tuple[object, ...], Tally | _Left | None] = {}
        self._possible: dict[tuple[int, Request], Possible] = {}
        self.tallies: dict[RowKey, Tally] = {}
        self.not_outbound: Counter[str] = Counter()
        self.not_attributable: Counter[str] = Counter()

    def add(self, entries: Iterable[AccessLogEntry]) -> None:
        """Count *entries*."""
        directions: dict[object, str | None] = {}
        pieces, known = Pieces(), self._known
        for entry in entries:
            seen = pieces.of(entry)
            try:
                direction = directions[seen.cluster]
            except KeyError:
                direction = directions[seen.cluster] = _told_by(seen.cluster)
            emitter = entry.emitter
            if direction is None and str(seen.cluster).startswith("outbound|"):
                direction = self._by_ends(entry, seen)
            if direction not in (None, "outbound") and emitter.node_type is None:
                self.not_outbound[str(direction)] += 1
                continue
            sender = self._senders.of(emitter)
            destination = self._destination(sender, seen.destination) if seen.is_named else seen.destination
            ends = None if direction else (seen.destination, seen.ends)
            kind = (
                id(sender),
                emitter.node_type,
                emitter.pod,
                seen.cluster,
                destination,
                seen.others,
                ends,
                entry.unsure,
            )
            try:
                found = known[kind]
            except KeyError:
                found = self._look_at(entry, sender, kind)
            if found is None:
                found = self._look_closer(entry, sender)
            if isinstance(found, Tally):
                found.add(_size(entry), _moment(entry))
            else:
                found.counter[found.reason] += 1

    def _by_ends(self, entry: AccessLogEntry, seen: Seen) -> str:
        """Return the direction of *entry*: with a cluster of a service it follows from its port and the addresses."""
        emitter = entry.emitter
        port = str(seen.cluster).split("|", 2)[1]
        key = (port, seen.destination, seen.ends, emitter.node_type, emitter.pod)
        found = self._directions.get(key)
        if found is None:
            if len(self._directions) >= _MOST_KNOWN:
                self._directions.clear()
            found = self._directions[key] = str(entry.direction)
        return found

    def _destination(self, sender: Sender, text: object) -> object:
        """Return the port alone where no resource of either mesh looks at the address of a named request."""
        key = (id(sender), text)
        found = self._destinations.get(key)
        if found is None:
            if len(self._destinations) >= _MOST_KNOWN:
                self._destinations.clear()
            address = split_address(text) if isinstance(text, str) else None
            found = text
            if address is not None and not any(side.knows(*address) for side in self.side_of(sender)):
                found = (address[0].version, address[1])
            self._destinations[key] = found
        return found

    def side_of(self, sender: Sender) -> tuple[Side, Side]:
        """Return the tables of *sender* under the two meshes."""
        sides = self._sides.get(id(sender))
        if sides is None:
            now = Side(self._mesh.egress(sender.workload))
            then = now if self._against is self._mesh else Side(self._against.egress(sender.workload))
            sides = self._sides[id(sender)] = (now, then)
        return sides

    def _look_at(self, entry: AccessLogEntry, sender: Sender, kind: tuple[object, ...]) -> Tally | _Left | None:
        """Return what lines of the *kind* of *entry* are, and remember it."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found: Tally | _Left | None = None
        direction = entry.direction
        if direction != "outbound":
            found = _Left(self.not_outbound, str(direction))
        else:
            request = request_of(entry)
            if isinstance(request, NotAttributable):
                found = _Left(self.not_attributable, request.reason)
                if request.reason == "no request":  # with another path it may be one
                    return found
            elif self._is_by_name(request, sender):
                found = self._tally(entry, named_only(request), sender)
        self._known[kind] = found
        return found

    def _is_by_name(self, request: Request, sender: Sender) -> bool:
        """Return whether all requests for the name of *request* meet the same, whatever else they ask."""
        if request.protocol is WireProtocol.RAW:
            return True
        return is_plain(request) and not any(side.looks_closer(request) for side in set(self.side_of(sender)))

    def _look_closer(self, entry: AccessLogEntry, sender: Sender) -> Tally | _Left:
        """Return where to count *entry*, whose path, method and headers matter, or may matter."""
        request = request_of(entry, with_headers=True)
        if isinstance(request, NotAttributable):
            return _Left(self.not_attributable, request.reason)
        return self._tally(entry, named_only(request) if self._is_by_name(request, sender) else request, sender)

    def _tally(self, entry: AccessLogEntry, request: Request, sender: Sender) -> Tally:
        """Return where requests are counted that ask and meet what *request*, that of *entry*, does."""
        logged = Logged.of(entry)
        nows, thens = self._decided(sender, request)
        now = choose(nows, logged)
        then = next((answer for answer in thens if answer.is_as(now)), thens[0])
        name = request.name or request.sni
        key = RowKey(
            sender,
            kind_of(request),
            name.lower() if name else None,
            None if name else request.address,
            request.port,
            logged,
            now,
            then,
        )
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally()
        tally.see(request)
        return tally

    def _decided(self, sender: Sender, request: Request) -> Possible:
        key = (id(sender), request)
        found = self._possible.get(key)
        if found is None:
            if len(self._possible) >= _MOST_KNOWN:
                self._possible.clear()
            now, then = self.side_of(sender)
            possible = now.possible(request)
            found = self._possible[key] = (possible, possible if then is now else then.possible(request))
        return found


class _Left:
    """Lines that are not replayed: where they are counted, and as what."""

    __slots__ = ("counter", "reason")

    def __init__(self, counter: Counter[str], reason: str) -> None:
        self.counter = counter
        self.reason = reason


def _told_by(cluster: object) -> str | None:
    """Return the direction that *cluster* alone tells, None where there is more to look at."""
    found = direction_of_cluster(cluster) if isinstance(cluster, str) else None
    return None if found is None else str(found)


def _size(entry: AccessLogEntry) -> int:
    sent, received = entry.get("bytes_sent"), entry.get("bytes_received")
    return (sent if isinstance(sent, int) else 0) + (received if isinstance(received, int) else 0)


def _moment(entry: AccessLogEntry) -> datetime | None:
    start = entry.get("start_time")
    return start if isinstance(start, datetime) else None
