"""Goals D1 to D3 and A10: from text to a table, what the table holds, and how long the first moment takes.

Here the garbage collector runs as it does for users: objects that stay are what makes loading slow.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any

import yaml
from pydantic_core import from_json

import meshegress
from benchmarks.entries import as_json, as_list, as_yaml, kubectl_yaml, printed_entries, short_entries
from benchmarks.goals import Result, compare
from benchmarks.memory import held_by, resident
from benchmarks.rounds import interleaved, require_equal
from meshegress.resources import ServiceEntry

COUNT = 10_000
ROUNDS = 5
STARTS = 15
HOSTS = 20_000
PORTS = {"a port each": 1, "two ports each": 2}


def results(largest: int) -> Iterator[Result]:
    """Yield all ratios."""
    count = min(COUNT, largest)
    short, printed = short_entries(count), printed_entries(count)
    yield _yaml("short", as_yaml(short), count)
    yield _yaml("kubectl documents", kubectl_yaml(printed), count)
    yield _json("short", as_json(short), count)
    yield _json("kubectl -o json", as_json(printed), count)
    yield from (_memory(name, ports, min(HOSTS, largest)) for name, ports in PORTS.items())
    yield from _starts()


def table_of(text: str) -> meshegress.Egress:
    """Return the table of a workload, of the mesh in *text*."""
    return meshegress.load(text).egress("shop")


def _yaml(data: str, text: str, count: int) -> Result:
    documents = yaml_documents(text)
    require_equal(data, {"models": _wire(table_of_list(documents)), "text": _wire(meshegress.load(text))})
    times = _times({"table": table_of, "CSafeLoader": yaml_documents, "load": meshegress.load}, text, count)
    return compare("D1", data, times, "table", "CSafeLoader", obstacle=_parts(times))


def _json(data: str, text: str, count: int) -> Result:
    require_equal(data, {"models": validated(text), "text": list(meshegress.load(text).resources.service_entries)})
    times = _times({"table": table_of, "pydantic": validated, "load": meshegress.load}, text, count)
    return compare("D2", data, times, "table", "pydantic", obstacle=_parts(times))


def _parts(times: dict[str, list[float]]) -> str:
    """Return what loading takes of the way to a table, and what compiling."""
    table, load = (median(times[name]) / 1e3 for name in ("table", "load"))
    return f"of {table:.0f} us a document, {load:.0f} go into loading it and {table - load:.0f} into compiling"


def yaml_documents(text: str) -> list[Any]:
    """Return what PyYAML's C loader makes of *text*."""
    return list(yaml.load_all(text, yaml.CSafeLoader))


def validated(text: str) -> list[ServiceEntry]:
    """Return the models of the objects in *text*, by pydantic alone."""
    validate = ServiceEntry.__pydantic_validator__.validate_python
    return [validate(item) for item in from_json(text)["items"]]


def table_of_list(documents: list[Any]) -> meshegress.Mesh:
    """Return the mesh of ready values."""
    return meshegress.load(as_list(documents))


def _wire(mesh: meshegress.Mesh) -> list[Any]:
    return [entry.as_wire() for entry in mesh.resources.service_entries]


def _times(contenders: dict[str, Callable[[str], object]], text: str, count: int) -> dict[str, list[float]]:
    return interleaved(
        {name: _collected(call) for name, call in contenders.items()}, lambda: text, count, rounds=ROUNDS
    )


def _collected(call: Callable[[str], object]) -> Callable[[str], object]:
    """Return *call* with the collector running, and with a clean start."""

    def run(text: str) -> None:
        gc.enable()
        call(text)
        gc.disable()

    return run


def _memory(name: str, ports: int, size: int) -> Result:
    """Return the resident bytes that a table adds to what all workloads share, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.loading", str(size), str(ports)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    table, registry, *held = map(float, ran.stdout.split())
    clusters, hosts, chains = held
    obstacle = (
        f"of {table:.0f} bytes, {clusters:.0f} are clusters with their names, {hosts:.0f} virtual hosts with their "
        f"routes, {chains:.0f} filter chains; the rest are matching tables, and what compiling left between all these"
    )
    return Result("A10", name, (table,), {"table": table, "shared by all": registry}, "bytes", obstacle)


def _starts() -> Iterator[Result]:
    """Yield how long processes take that only begin."""
    import_it = [sys.executable, "-c", "import meshegress"]
    commands = {
        "meshegress": import_it,
        "pydantic": [*import_it[:2], "import pydantic"],
        "help": [sys.executable, "-m", "meshegress", "--help"],
        "bare": [*import_it[:2], "pass"],
    }
    contenders = {name: lambda command, name=name: _run(commands[name]) for name in commands}
    times = interleaved(contenders, lambda: None, 1, rounds=STARTS, clock=_children_seconds)
    yield compare("D3 import", "a process", times, "meshegress", "pydantic")
    yield compare("D3 help", "a process", times, "help", "bare")


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _children_seconds() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the resident bytes of a host in the table of as many as were asked for, and in what all tables share.

    Then those of clusters, of virtual hosts and of filter chains, counted.
    """
    size, ports = map(int, sys.argv[1:])
    meshegress.Mesh(_entry(number, ports) for number in range(100)).egress("shop")
    mesh = meshegress.Mesh(_entry(number, ports) for number in range(size))
    gc.collect()
    before = resident()
    mesh.registry()
    gc.collect()
    shared = resident()
    egress = mesh.egress("shop")
    gc.collect()
    kept, table = resident(), egress.table
    seen: set[int] = set()
    held = [held_by(part, seen) for part in (table.clusters, table.route_configurations, table.listeners)]
    print(*(round(count / size, 1) for count in (kept - shared, shared - before, *held)))
    assert egress.decide("https://nowhere.example/").outcome.value == "passthrough"


def _entry(number: int, ports: int) -> ServiceEntry:
    """Return an entry of one host on HTTP, on TLS in turns, or on both."""
    both = [{"number": 80, "name": "http", "protocol": "HTTP"}, {"number": 443, "name": "tls", "protocol": "TLS"}]
    chosen = both if ports == len(both) else both[number % len(both) :][:1]
    spec = {"hosts": [f"h{number}.team-{number % 50}.example.com"], "ports": chosen, "resolution": "DNS"}
    return ServiceEntry(metadata={"name": f"entry-{number}", "namespace": "shop"}, spec=spec)


if __name__ == "__main__":
    main()
