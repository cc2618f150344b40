"""Goals A11 and D4: what the next workload costs, of a mesh in which a few rules look at labels.

Every workload has labels and an address of its own, and is an endpoint of something. The first one of a scope is
compiled as a whole; those after it are told the same, or choose other routes and clusters.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.goals import Result
from benchmarks.memory import resident
from benchmarks.rounds import require_equal
from meshegress import Mesh, Workload, load
from meshegress.loading import ResourceSet

HOSTS, RULES, ASKING = 10_000, 200, 3
ROUNDS = 5
WORKLOADS = 1000
PORTS = ({"number": 80, "name": "http", "protocol": "HTTP"}, {"number": 443, "name": "tls", "protocol": "TLS"})
NETWORKING = "networking.istio.io/v1"


def results(largest: int) -> Iterator[Result]:
    """Yield the ratios for the next workload, and the bytes that it adds."""
    hosts = min(HOSTS, largest)
    resources = world(hosts)
    rounds = [_round(resources) for _ in range(ROUNDS)]
    for goal, name in (("D4 alike", "alike"), ("D4 chosen", "chosen")):
        ratios = tuple(times[name] / times["first"] for times in rounds)
        medians = {key: round(sorted(times[key] for times in rounds)[ROUNDS // 2] * 1e3, 3) for key in (name, "first")}
        yield Result(goal, f"{hosts} hosts", ratios, medians, "ms")
    yield _memory(hosts)


def world(hosts: int) -> ResourceSet:
    """Return *hosts* entries, VirtualServices and DestinationRules of which a few look at labels, and endpoints."""
    documents = [_object(NETWORKING, "ServiceEntry", f"e{number}", number, _entry(number)) for number in range(hosts)]
    for number in range(RULES):
        documents.append(_object(NETWORKING, "VirtualService", f"v{number}", number, _routes(number)))
        documents.append(_object(NETWORKING, "DestinationRule", f"d{number}", number, _subsets(number)))
    ports = [{"name": "http", "port": 8080}]
    documents.append(_object("v1", "Service", "all", 0, {"clusterIP": "10.96.0.1", "ports": ports}))
    addresses = [{"addresses": [_address(number)]} for number in range(WORKLOADS)]
    labels = {"kubernetes.io/service-name": "all"}
    slices = {"metadata": {"name": "all-1", "namespace": "shop", "labels": labels}, "addressType": "IPv4"}
    documents.append(
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", **slices, "ports": ports, "endpoints": addresses}
    )
    return load(documents).resources


def workload(number: int, **labels: str) -> Workload:
    """Return a workload that is like no other, which rules that look at *labels* apply to."""
    return Workload("shop", labels={"pod": f"p{number}", "app": f"a{number}", **labels}, addresses=(_address(number),))


def choosing() -> list[Workload]:
    """Return workloads whose labels choose routes, clusters or both, each otherwise."""
    teams = [{"team": f"t{number}"} for number in range(ASKING)]
    return [workload(number, **labels) for number, labels in enumerate((*teams, {"tier": "t0"}, {"tier": "t1"}))]


def _round(resources: ResourceSet) -> dict[str, float]:
    mesh = Mesh(resources)
    mesh.registry().contested  # noqa: B018  # all workloads share it, and it is made when asked for
    gc.collect()
    times = {"first": _seconds(mesh, [workload(999)])}
    times["alike"] = _seconds(mesh, [workload(number) for number in range(100)])
    times["chosen"] = _seconds(mesh, choosing())
    alone = Mesh(resources)
    require_equal("choosing", {"alone": alone.egress(choosing()[0]).table, "shared": mesh.egress(choosing()[0]).table})
    return times


def _seconds(mesh: Mesh, workloads: Sequence[Workload]) -> float:
    """Return the time that one of *workloads* takes."""
    began = time.process_time()
    for one in workloads:
        mesh.egress(one)
    return (time.process_time() - began) / len(workloads)


def _memory(hosts: int) -> Result:
    """Return the bytes that a further workload adds, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sharing", str(hosts)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    further, first = map(float, ran.stdout.split())
    return Result("A11", f"{hosts} hosts", (further,), {"further": further, "first": first}, "bytes")


def main() -> None:
    """Print the bytes of a further workload, and the resident ones of the first, for as many hosts as were asked for.

    The further ones are counted as they are allocated: they fit into what the first compile has left.
    """
    Mesh(world(100)).egress(workload(0))
    mesh = Mesh(world(int(sys.argv[1])))
    mesh.registry().contested  # noqa: B018  # as above
    gc.collect()
    before = resident()
    kept = [mesh.egress(workload(0))]
    gc.collect()
    first = resident()
    tracemalloc.start()
    kept += [mesh.egress(workload(number)) for number in range(1, WORKLOADS)]
    gc.collect()
    print(round(tracemalloc.get_traced_memory()[0] / (len(kept) - 1), 1), first - before)


def _object(version: str, kind: str, name: str, age: int, spec: dict[str, Any]) -> dict[str, Any]:
    minutes, seconds = divmod(age, 60)
    created = f"2024-01-{1 + minutes // 1440:02}T{minutes // 60 % 24:02}:{minutes % 60:02}:{seconds:02}Z"
    metadata = {"name": name, "namespace": "shop", "creationTimestamp": created}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _entry(number: int) -> dict[str, Any]:
    ports = (PORTS[:1], PORTS[1:], PORTS)[number % 3]
    return {"hosts": [f"h{number}.example.com"], "ports": list(ports), "resolution": "DNS"}


def _routes(number: int) -> dict[str, Any]:
    host = f"h{3 * number}.example.com"
    targets: list[dict[str, Any]] = [{"destination": {"host": host, "subset": "v1"}}, {"destination": {"host": host}}]
    split = [{**target, "weight": weight} for target, weight in zip(targets, (90, 10), strict=True)]
    asks = [{"match": [{"sourceLabels": {"team": f"t{number}"}}], "directResponse": {"status": 418}}]
    canary = {"match": [{"uri": {"prefix": "/canary"}}], "route": [{"destination": {"host": host}}]}
    # Where the last one that asks labels does not apply, its host has the routes of its service.
    everybody = [] if number == ASKING - 1 else [canary, {"route": split}]
    return {"hosts": [host], "http": [*(asks if number < ASKING else []), *everybody]}


def _subsets(number: int) -> dict[str, Any]:
    spec: dict[str, Any] = {"host": f"h{3 * number}.example.com", "subsets": [{"name": "v1"}]}
    return {**spec, "workloadSelector": {"matchLabels": {"tier": f"t{number}"}}} if number < ASKING - 1 else spec


def _address(number: int) -> str:
    return f"10.0.{number // 250}.{1 + number % 250}"


if __name__ == "__main__":
    main()
