"""What of a replay needs an entry, by destination: a name, or addresses where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from meshegress.analysis.replay.rows import ReplayRow
from meshegress.naming import PASSTHROUGH_CLUSTER
from meshegress.wire.addressing import canonical_address

#: What an entry calls each kind of traffic.
_PROTOCOLS = {"http": "HTTP", "http2": "HTTP", "http1.0": "HTTP", "tls": "TLS", "tcp": "TCP"}


@dataclass(slots=True)
class Need:
    """One destination, a host or a set of addresses: its ports with their protocols, who needs it, and how often."""

    host: str | None
    addresses: set[str] = field(default_factory=set)
    ports: dict[tuple[int, str], int] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    requests: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, row: ReplayRow) -> None:
        """Count the requests of *row*."""
        port = (row.key.port, _PROTOCOLS[row.key.kind])
        self.ports[port] = self.ports.get(port, 0) + row.count
        self.namespaces.add(row.key.sender.workload.namespace)
        self.clients.add(str(row.key.sender))
        self.requests += row.count
        self.first = min((one for one in (self.first, row.first) if one is not None), default=None)
        self.last = max((one for one in (self.last, row.last) if one is not None), default=None)

    def join(self, other: Need) -> None:
        """Count what *other* has counted, too."""
        for port, count in other.ports.items():
            self.ports[port] = self.ports.get(port, 0) + count
        self.addresses |= other.addresses
        self.namespaces |= other.namespaces
        self.clients |= other.clients
        self.requests += other.requests
        self.first = min((one for one in (self.first, other.first) if one is not None), default=None)
        self.last = max((one for one in (self.last, other.last) if one is not None), default=None)


def is_needed(row: ReplayRow) -> bool:
    """Return whether the requests of *row* left, today or when the log was written, and would not as *then*."""
    if row.then.allowed:
        return False
    return row.now.allowed or (row.was.cluster == PASSTHROUGH_CLUSTER and row.then.is_undeclared)


def needs_of(rows: Iterable[ReplayRow]) -> tuple[Need, ...]:
    """Return what *rows* need, in the order of hosts, then of addresses: one need for each host, or port of addresses.

    The addresses of one port are one need where the same namespaces ask for them.
    """
    named: dict[str, Need] = {}
    unnamed: dict[tuple[str, int, str], Need] = {}
    for row in rows:
        literal = canonical_address(row.key.host) if row.key.host else row.key.address
        if literal is None and row.key.host:
            host = row.key.host.rstrip(".")
            need = named.setdefault(host, Need(host))
        else:
            key = (str(literal), row.key.port, _PROTOCOLS[row.key.kind])
            need = unnamed.setdefault(key, Need(None))
            need.addresses.add(str(literal))
        need.add(row)
    together: dict[tuple[object, ...], Need] = {}
    for (address, port, protocol), need in sorted(unnamed.items()):
        # A proxy of one family leaves out the addresses of the other, and of both may leave out one.
        group = (port, protocol, ":" in address, tuple(sorted(need.namespaces)))
        together.setdefault(group, Need(None)).join(need)
    return (*(named[host] for host in sorted(named)), *(together[key] for key in sorted(together, key=repr)))
