"""Goal E5: what it takes to lint a thousand entries, one of which takes a port, against compiling a table of them.

It was asked to stay below five seconds; the ratio does not depend on the machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.goals import Result
from meshegress import Mesh, lint

ENTRIES = 1_000
ROUNDS = 3


def results(largest: int) -> Iterator[Result]:
    """Yield the ratio for a thousand entries in ten namespaces; *largest* is for other goals."""
    del largest
    documents = [*(_entry(number) for number in range(ENTRIES)), _hijacker()]
    ratios, spent, compiled = [], [], []
    for _ in range(ROUNDS):
        mesh = Mesh(documents)
        gc.collect()
        begin = time.process_time()
        mesh.egress("team-0")
        middle = time.process_time()
        found = lint(mesh)
        end = time.process_time()
        if [one.code for one in found] != ["EG401"]:
            raise AssertionError(f"E5: one entry takes a port, and what was found is {found}")
        compiled.append(middle - begin)
        spent.append(end - middle)
        ratios.append(spent[-1] / compiled[-1])
    medians = {"lint": round(sorted(spent)[1] * 1e3, 1), "compile": round(sorted(compiled)[1] * 1e3, 1)}
    yield Result("E5", "1k entries", tuple(ratios), medians, "ms")


def _entry(number: int) -> dict[str, Any]:
    port, protocol = (443, "TLS") if number % 2 else (80, "HTTP")
    return _document(f"entry-{number}", f"team-{number % 10}", f"h{number}.v{number % 7}.example.com", port, protocol)


def _hijacker() -> dict[str, Any]:
    return _document("hijacker", "team-0", "www.bing.com", 443, "TCP")


def _document(name: str, namespace: str, host: str, port: int, protocol: str) -> dict[str, Any]:
    rows = [{"number": port, "name": "main", "protocol": protocol}]
    metadata = {"name": name, "namespace": namespace}
    spec = {"hosts": [host], "ports": rows, "resolution": "DNS"}
    return {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": metadata, "spec": spec}
