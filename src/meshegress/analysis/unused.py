"""Entries, or hosts and ports of entries, that no request of a log needed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from meshegress.accesslog import AccessLogEntry
from meshegress.accesslog.logs import LogSource
from meshegress.analysis.replay.answers import Change
from meshegress.analysis.replay.replaying import replay
from meshegress.analysis.replay.rows import ReplayRow
from meshegress.analysis.replay.senders import Workloads
from meshegress.mesh import Mesh
from meshegress.naming import ClusterName
from meshegress.resources import ServiceEntry

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, slots=True)
class UnusedEntry:
    """An entry and what of it no request needed: ``hosts`` and ``ports``, all of them where ``is_whole``."""

    entry: ServiceEntry
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    is_whole: bool

    def __str__(self) -> str:
        name = f"ServiceEntry `{self.entry.namespace}/{self.entry.name}` ({self.entry.source()})"
        if self.is_whole:
            return name
        parts = [f"host `{host}`" for host in self.hosts] + [f"port {port}" for port in self.ports]
        return f"{name}, {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class Unused:
    """What no request needed, and how much that says: in which time, and among how many outbound requests.

    Other requests may come, so it is a reason to ask, and none to delete.
    """

    entries: tuple[UnusedEntry, ...]
    requests: int
    first: datetime | None = None
    last: datetime | None = None

    @property
    def confidence(self) -> str:
        """How much it says, in words."""
        if self.first is None or self.last is None:
            return f"no request among {self.requests}, of which the log tells no time"
        seconds = (self.last - self.first).total_seconds()
        unit, size = next(row for row in _UNITS if seconds >= row[1] or row[1] == 1)
        return f"no request in {seconds / size:.1f} {unit}, among {self.requests}"


def unused(log: LogSource | Sequence[AccessLogEntry], mesh: Mesh, workloads: Workloads = None) -> Unused:
    """Return what of the entries of *mesh* no outbound request of *log* needed.

    None of them is sent to it, and without it each is decided as it is with it. *log* is read several times; for
    *workloads* see :func:`meshegress.replay`.

    Raises what read_log raises.

    >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
    >>> port = {"number": 443, "name": "tls", "protocol": "TLS"}
    >>> spec = {"hosts": ["a.com"], "ports": [port], "resolution": "DNS"}
    >>> [each.hosts for each in unused([], Mesh([{**entry, "spec": spec}])).entries]
    [('a.com',)]
    """
    source: Any = log if isinstance(log, str | os.PathLike | Sequence) else list(log)
    found = replay(source, mesh, workloads=workloads)
    used = _used(found.rows)
    idle = [each for each in (_idle(entry, used) for entry in mesh.resources.service_entries) if each is not None]
    span = found.span or (None, None)
    kept = _harmless(idle, source, mesh, workloads) if found.rows else idle
    return Unused(tuple(kept), sum(row.count for row in found.rows), *span)


def _used(rows: Iterable[ReplayRow]) -> set[tuple[str, int]]:
    """Return the hosts and ports that requests of *rows* are sent to, or were when the log was written."""
    clusters = {cluster for row in rows for cluster, _ in row.now.clusters}
    clusters |= {row.was.cluster for row in rows if row.was.cluster is not None}
    names = (ClusterName.parse(cluster) for cluster in clusters)
    return {(name.host.lower(), name.port) for name in names if name is not None}


def _idle(entry: ServiceEntry, used: set[tuple[str, int]]) -> UnusedEntry | None:
    """Return what of *entry* is not among what is *used*; None where all of it is."""
    hosts, ports = entry.spec.hosts, tuple(port.number for port in entry.spec.ports)
    idle_hosts = tuple(host for host in hosts if not any((host.lower(), port) in used for port in ports))
    idle_ports = tuple(port for port in ports if not any((host.lower(), port) in used for host in hosts))
    if not idle_hosts and not idle_ports:
        return None
    return UnusedEntry(entry, idle_hosts, idle_ports, is_whole=len(idle_hosts) == len(hosts))


def _harmless(idle: Sequence[UnusedEntry], log: Any, mesh: Mesh, workloads: Workloads) -> list[UnusedEntry]:
    """Return those of *idle* without which no request of *log* is decided otherwise.

    Halves are looked at apart, since most of the time nothing of either matters.
    """
    if not idle:
        return []
    without = mesh.with_changes(
        added=[_rest_of(each) for each in idle if not each.is_whole],
        removed=[each.entry for each in idle if each.is_whole],
    )
    rows = replay(log, mesh, without, workloads).rows
    if all(row.change is Change.KEPT and row.now.clusters == row.then.clusters for row in rows):
        return list(idle)
    if len(idle) == 1:
        return []
    half = len(idle) // 2
    return _harmless(idle[:half], log, mesh, workloads) + _harmless(idle[half:], log, mesh, workloads)


def _rest_of(each: UnusedEntry) -> dict[str, Any]:
    """Return the entry without what of it nothing needs, as a document."""
    document = each.entry.as_wire()
    spec = document["spec"]
    spec["hosts"] = [host for host in spec["hosts"] if host not in each.hosts]
    spec["ports"] = [port for port in spec["ports"] if port["number"] not in each.ports]
    return document
