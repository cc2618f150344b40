"""Laws of comparing: what must hold whatever is compared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from analysis.comparing import egresses, problems
from analysis.test_exactness import changed_meshes
from meshegress import Budget, Egress, Mesh, ResourceError, diff
from meshegress.analysis.cells import Cell
from meshegress.analysis.differ.ports import compare
from meshegress.resources import MeshConfig
from meshegress.testing.strategies import workloads, worlds
from meshegress.testing.strategies.worlds import World


def cells_of(before: Egress, after: Egress) -> list[Cell]:
    """Return the cells on which two egresses differ."""
    return compare(*egresses(before, after))[0]


@given(worlds(max_size=10, dated=False), workloads())
def test_nothing_differs_from_itself(world: World, workload: object) -> None:
    """The same mesh compiled twice shares no object, and answers alike; the other way round, too."""
    before, after = Mesh(world).egress(workload), Mesh(world).egress(workload)  # type: ignore[arg-type]  # drawn
    assert str(diff(before, after, by="decision")) == "No change in egress behaviour."


@given(st.data())
def test_both_directions_find_the_same(data: st.DataObject) -> None:
    """What differs from here to there differs from there to here, with the answers exchanged."""
    try:
        _, before, after = changed_meshes(data)
    except ResourceError:
        return
    workload = data.draw(workloads())
    one, other = before.egress(workload), after.egress(workload)
    there, back = cells_of(one, other), cells_of(other, one)
    assert _answers(there) == sorted((after, before) for before, after in _answers(back))


def _answers(cells: Iterable[Cell]) -> list[tuple[str, str]]:
    return sorted((repr(cell.before.as_dict()), repr(cell.after.as_dict())) for cell in cells)


@given(st.data())
def test_what_two_steps_leave_alone_both_leave_alone(data: st.DataObject) -> None:
    """A witness of the whole way differs on one of its parts."""
    world = data.draw(worlds(min_size=3, max_size=8))
    rest = [one for one in world if not isinstance(one, MeshConfig)]
    steps = [Mesh(rest).egress("shop"), Mesh(rest[1:]).egress("shop"), Mesh(rest[2:]).egress("shop")]
    parts = [*cells_of(steps[0], steps[1]), *cells_of(steps[1], steps[2])]
    whole = cells_of(steps[0], steps[2])
    assert [cell.witness for cell in whole if not any(part.contains(cell.witness) for part in parts)] == []


@given(st.data())
def test_order_of_documents_means_nothing(data: st.DataObject) -> None:
    """Resources with ages may be written in any order."""
    world = data.draw(worlds(max_size=10))
    again = data.draw(st.permutations(world))
    assert not diff(Mesh(world).egress("shop"), Mesh(again).egress("shop"))


@given(st.data())
def test_tiny_budgets_never_say_equal(data: st.DataObject) -> None:
    """Beyond a budget there is a doubt that holds what was not searched: nothing is missed in silence."""
    try:
        _, before, after = changed_meshes(data)
    except ResourceError:
        return
    workload = data.draw(workloads())
    sides = egresses(before.egress(workload), after.egress(workload))
    whole = [cell.witness for cell in compare(*sides)[0]]
    states, steps = data.draw(st.sampled_from([1, 5, 50])), data.draw(st.sampled_from([1, 50, 500]))
    budget = Budget(states=states, steps=steps, combinations=data.draw(st.sampled_from([0, 1, 3])))
    assert problems(sides, whole, budget=budget) == []


PROGRAM = """
import json
from meshegress import Mesh, diff, diff_meshes
P = [{"number": 80, "name": "http", "protocol": "HTTP"}, {"number": 443, "name": "tls", "protocol": "TLS"}]
def one(kind, name, spec):
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
def entry(name, *hosts, resolution="DNS"):
    return one("ServiceEntry", name, {"hosts": hosts, "ports": P, "resolution": resolution})
def match(prefix, **headers):
    return {"uri": {"prefix": prefix}, "headers": {name: {"regex": text} for name, text in headers.items()}}
def to(host, *matches):
    return {"match": list(matches), "route": [{"destination": {"host": host}}]}
hosts = [f"h{n}.example.com" for n in range(9)]
entries = [entry(f"e{n}", host) for n, host in enumerate(hosts)]
routes = one("VirtualService", "v", {"hosts": hosts[:4], "http": [
    to(hosts[5], match("/a", x="[a-c]+"), match("/b", y=".*b")),
    to(hosts[6], match("/c", x="b|c", y="bb")),
    to(hosts[7]),
]})
before, after = Mesh(entries), Mesh([*entries[:6], routes, entry("w", "*.example.org", resolution="NONE")])
found = diff(before.egress(), after.egress())
print(found.text(everything=True), found.markdown(), json.dumps(found.as_dict()), diff_meshes(before, after))
"""


def test_the_same_bytes_under_any_hash_seed() -> None:
    """Text, Markdown and JSON do not depend on the order of sets."""
    outputs = {_run(seed) for seed in ("1", "2", "77")}
    assert len(outputs) == 1
    assert "when the path begins with `/a`" in outputs.pop()


def _run(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    return result.stdout
