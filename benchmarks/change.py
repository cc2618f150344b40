"""Goal A7: one changed entry among very many hosts, against a compile of the whole.

The change is timed from the call to the new egress, whose names were known before; readers of the old one never wait.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

from benchmarks.goals import Result
from benchmarks.rounds import require_equal
from meshegress import Egress, Mesh
from meshegress.resources import ServiceEntry

PORTS = ({"number": 80, "name": "http", "protocol": "HTTP"}, {"number": 443, "name": "tls", "protocol": "TLS"})
#: Hosts, and how many of them one entry declares.
WORLDS = {"100k entries": (100_000, 1), "1M hosts": (1_000_000, 10)}
CHANGES = 5


def results(largest: int) -> Iterator[Result]:
    """Yield the ratio for each size of mesh."""
    for name, (hosts, of_entry) in WORLDS.items():
        if hosts <= largest:
            yield _change(name, hosts // of_entry, of_entry)


def entry(number: int, hosts: int, *, version: int = 0) -> ServiceEntry:
    """Return an entry of as many hosts, half of them for HTTP; each *version* of it has another host."""
    names = [f"h{number}-{place}.v{version}.example.com" for place in range(hosts)]
    metadata = {"name": f"entry-{number}", "namespace": f"team-{number % 50}"}
    ports = PORTS[number % 2 :][:1]
    return ServiceEntry(metadata=metadata, spec={"hosts": names, "ports": ports, "resolution": "DNS"})


def _change(name: str, entries: int, hosts: int) -> Result:
    mesh = Mesh(entry(number, hosts) for number in range(entries))
    gc.collect()
    compile_time, egress = _timed(lambda: mesh.egress("shop"))
    known = dict(egress.names)
    times: list[float] = []
    for version in range(1, CHANGES + 1):
        changed = [entry(entries // CHANGES * version - 1, hosts, version=version)]
        spent, after = _timed(lambda changed=changed: mesh.with_changes(changed).egress("shop"))
        times.append(spent)
    whole = Mesh(mesh.with_changes(changed).resources).egress("shop")
    require_equal(name, {"whole": whole.table, "changed": after.table})
    require_equal(f"{name}, names", {"before": known, "after": dict(after.names)})
    medians = {"change": sorted(times)[len(times) // 2] * 1e3, "compile": compile_time * 1e3}
    ratios = tuple(spent / compile_time for spent in times)
    return Result("A7", name, ratios, {key: round(value, 1) for key, value in medians.items()}, "ms")


def _timed(call: Callable[[], Egress]) -> tuple[float, Egress]:
    began = time.process_time()
    made = call()
    return time.process_time() - began, made
