"""Meshes of many hosts, tables of requests to them, and the same policy as tables that a join can take."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from benchmarks.hosts import internet_host, label
from meshegress import Egress, Mesh
from meshegress.resources import ServiceEntry

PASSTHROUGH = "PassthroughCluster"
#: What clients speak on each port, and the protocol that entries declare there.
PORTS = {80: ("http", "HTTP"), 8080: ("http", "HTTP"), 443: ("tls", "TLS"), 9000: ("tcp", "TCP")}
NAMED = (80, 8080, 443)
#: The port of entries that have an address and no host that a client would show.
OPAQUE = 9000
#: Requests of a table, as in the goals.
REQUESTS = 1_000_000
_HOSTS_OF_ENTRY = 200
_WILD, _HITS, _MISSES = 0.1, 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Pattern:
    """A host, its ``*.`` left out where *is_wild*, on one port; with an address, what it is reached by."""

    port: int
    host: str
    is_wild: bool = False
    address: str | None = None

    @property
    def cluster(self) -> str:
        """The cluster that Istio makes of it."""
        return f"outbound|{self.port}||{'*.' if self.is_wild else ''}{self.host}"


@dataclass(frozen=True, slots=True)
class BatchWorld:
    """A mesh as one workload sees it, the patterns that it was made of, and a table of requests."""

    name: str
    patterns: tuple[Pattern, ...]
    egress: Egress
    requests: pa.Table

    @property
    def clusters(self) -> list[str]:
        """The cluster of each pattern, and then what takes the rest."""
        return [*(pattern.cluster for pattern in self.patterns), PASSTHROUGH]


def batch_world(name: str, size: int, *, addresses: bool = False, requests: int = REQUESTS) -> BatchWorld:
    """Return a world of *size* hosts; with *addresses* a third of them are reached by address alone."""
    rng = random.Random(f"{size} {addresses}")
    patterns = _patterns(rng, size, addresses)
    mesh = Mesh(_entries(patterns))
    return BatchWorld(name, patterns, mesh.egress(), _requests(rng, patterns, addresses, requests))


def _patterns(rng: random.Random, size: int, addresses: bool) -> tuple[Pattern, ...]:
    hosts: dict[str, None] = {}
    while len(hosts) < size:
        hosts[internet_host(rng)] = None
    found = []
    for number, host in enumerate(hosts):
        if addresses and number % 3 == 0:
            found.append(Pattern(OPAQUE, host, address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"))
        else:
            found.append(Pattern(rng.choice(NAMED), host, rng.random() < _WILD))
    return tuple(found)


def _entries(patterns: tuple[Pattern, ...]) -> list[ServiceEntry]:
    """Return entries of many hosts each, all of distinct age."""
    groups: dict[tuple[int, bool], list[Pattern]] = {}
    entries: list[ServiceEntry] = []

    def close(group: list[Pattern]) -> None:
        age = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=len(entries))
        entries.append(_entry(f"e{len(entries)}", age, group))

    for pattern in patterns:
        group = groups.setdefault((pattern.port, pattern.is_wild), [])
        group.append(pattern)
        if pattern.address is not None or len(group) == _HOSTS_OF_ENTRY:
            close(group)
            group.clear()
    for group in filter(None, groups.values()):
        close(group)
    return entries


def _entry(name: str, age: datetime, patterns: list[Pattern]) -> ServiceEntry:
    first = patterns[0]
    protocol = PORTS[first.port][1]
    spec = {
        "hosts": [f"*.{one.host}" if one.is_wild else one.host for one in patterns],
        "ports": [{"number": first.port, "name": protocol.lower(), "protocol": protocol}],
        "resolution": "NONE" if first.is_wild else "DNS",
    }
    if first.address is not None:
        spec["addresses"] = [first.address]
    metadata = {"name": name, "namespace": "default", "creationTimestamp": f"{age:%Y-%m-%dT%H:%M:%SZ}"}
    return ServiceEntry(metadata=metadata, spec=spec)


def _requests(rng: random.Random, patterns: tuple[Pattern, ...], addresses: bool, count: int) -> pa.Table:
    """Return *count* requests: half to exact hosts, a quarter under wildcards, a quarter to nobody's."""
    wild = [one for one in patterns if one.is_wild]
    exact = [one for one in patterns if not one.is_wild]
    rows = []
    for _ in range(count):
        draw = rng.random()
        if draw < _HITS:
            pattern = rng.choice(exact)
            rows.append((pattern.address or _somewhere(rng), pattern.port, pattern.host))
        elif draw < 1 - _MISSES:
            pattern = rng.choice(wild)
            rows.append((_somewhere(rng), pattern.port, f"{label(rng, 1, 4)}.{pattern.host}"))
        else:
            rows.append((_somewhere(rng), rng.choice(NAMED), internet_host(rng)))
    address, port, authority = zip(*rows, strict=True)
    columns = {
        "port": pa.array(port, pa.uint16()),
        "kind": pa.array([PORTS[one][0] for one in port], pa.dictionary(pa.int8(), pa.string())),
        "authority": pa.array([None if one == OPAQUE else host for host, one in zip(authority, port, strict=True)]),
    }
    return pa.table({"address": pa.array(address), **columns} if addresses else columns)


def _somewhere(rng: random.Random) -> str:
    return f"203.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
